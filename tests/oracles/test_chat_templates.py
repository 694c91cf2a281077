"""Chat templates: hone writes what transformers' apply_chat_template writes, byte for byte."""
import pathlib

import pytest
import tokenizers
import transformers
from text_oracle import HoneError, text_oracle  # noqa: F401

TEMPLATES = {p.stem: p.read_text(encoding="utf-8") for p in
             sorted((pathlib.Path(__file__).parent / "chat_templates").glob("*.jinja"))}
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
WEATHER = {"type": "function", "function": {
    "name": "weather", "description": "The weather, e.g. \"sunny\" <b> & 'so' – Zürich 天気",
    "parameters": {"type": "object", "required": ["city"], "properties": {
        "city": {"type": "string", "enum": ["Zürich", "東京"]}, "days": {"type": "integer", "default": 3},
        "scale": {"type": "number", "default": 1e-7, "maximum": 1e16, "minimum": -0.0},
        "deep": {"items": [[], {}, None, True]}}}}}
CALL = {"id": "abcdefghi", "type": "function",
        "function": {"name": "weather", "arguments": {"city": "東京", "days": 2, "x": [1.5, None, False, "a'\"\n"]}}}
CHATS = {
    "user": [{"role": "user", "content": "What is 1 + 1?"}],
    "system": [{"role": "system", "content": "  Be brief. /no_think\n"}, {"role": "user", "content": "Hi\n\n there  "}],
    "turns": [{"role": "user", "content": "Grüße 🙂\t{{ x }} {% if %}"},
              {"role": "assistant", "content": "\n 你好 <b>&'\" "},
              {"role": "user", "content": ""}, {"role": "assistant", "content": "end\n"}],
    "thinking": [{"role": "user", "content": "a"},
                 {"role": "assistant", "content": "<think>\nold </think> thoughts\n</think>\n\n answer"},
                 {"role": "user", "content": "b"}, {"role": "assistant", "content": "<think>new</think>\nlast"}],
    "reasoning": [{"role": "user", "content": "a"},
                  {"role": "assistant", "content": "x", "reasoning_content": "why\n"},
                  {"role": "user", "content": "b"}, {"role": "assistant", "content": "y", "thinking": "because"}],
    "tools": [{"role": "system", "content": "Use tools."}, {"role": "user", "content": "Weather?"},
              {"role": "assistant", "content": "", "tool_calls": [CALL]},
              {"role": "tool", "content": "{\"t\": 21.5}", "tool_call_id": "abcdefghi", "name": "weather"},
              {"role": "assistant", "content": "Warm."}, {"role": "user", "content": "Thanks"}],
    "two calls": [{"role": "user", "content": "Weather?"},
                  {"role": "assistant", "content": None, "tool_calls": [CALL, CALL]},
                  {"role": "tool", "content": "1", "tool_call_id": "abcdefghi"},
                  {"role": "tool", "content": "2", "tool_call_id": "abcdefghi"}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": " see "}, {"type": "image"},
                                           {"type": "text", "text": "?"}]},
              {"role": "assistant", "content": "It."}],
}


def make_tokenizer(template):
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=model, **SPECIAL)
    tokenizer.chat_template = template
    return tokenizer


def both(oracle, template, messages, tools=None, **options):
    """(what transformers writes, what hone writes); None for an error."""
    flags = {k: options.pop(k) for k in ("add_generation_prompt", "continue_final_message") if k in options}
    try:
        right = make_tokenizer(template).apply_chat_template(messages, tools=tools, tokenize=False, **flags, **options)
    except Exception as error:  # templates raise what they like
        right, reason = None, error
    try:
        return right, oracle.ask(template=template, special_tokens=SPECIAL, messages=messages, tools=tools,
                                 variables=options, **flags)
    except HoneError as error:
        assert right is None, f"only hone fails: {error}"
        return right, None


OPTIONS = [{}, {"add_generation_prompt": True}, {"continue_final_message": True},
           {"add_generation_prompt": True, "enable_thinking": False, "date_string": "1 Jan 2025"},
           {"tools": [WEATHER]},
           {"tools": [WEATHER, WEATHER], "add_generation_prompt": True, "tools_in_user_message": False}]


@pytest.mark.parametrize("name", TEMPLATES)
def test_families(text_oracle, name):
    rendered = 0
    for title, messages in CHATS.items():
        for options in OPTIONS:
            right, ours = both(text_oracle, TEMPLATES[name], messages, **options)
            assert ours == right, (title, options)
            rendered += right is not None
    assert rendered >= 15


SNIPPETS = (pathlib.Path(__file__).parent / "chat_templates" / "snippets.txt").read_text(encoding="utf-8")
SNIPPET_CHAT = [{"role": "user", "content": "Hello World, ünïcode Straße ǆ", "list": [3, 1, 2], "n": 7, "f": 2.50,
                 "none": {"a": None}, "items": "own", "d": {"b": 1, "a": [True, None, 1.0], "C": {"x": "y'z"}}},
                {"role": "assistant", "content": " two\n\nlines\t", "list": [], "n": -7, "f": 1e100, "d": {}}]


@pytest.mark.parametrize("snippet", SNIPPETS.split("\n====\n"))
def test_constructs(text_oracle, snippet):
    right, ours = both(text_oracle, snippet, SNIPPET_CHAT)
    assert ours == right


HOSTILE = [
    "{% for i in range(10**9) %}a{% endfor %}",
    "{{ 'a' * 10**9 }}",
    "{{ [1] * 10**9 }}",
    "{{ 'a' * -10**30 * 10**38 }}",
    "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    '{% set ns = namespace(x=[1]) %}'
    '{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == [ns.x] }}',
    "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{{ m(a) }}{{ m(a) }}{% endmacro %}{{ m(1) }}",
    '{% for a in range(9999) %}'
    '{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}',
    "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{{ 'a'|replace('', 'b' * 9999)|replace('b', 'c' * 99999) }}",
    "{{ ('a' * 9999)|list|join('x' * 99999) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ 'a'.center(10**10) }}",
    "{{ 'a'|center(10**10) }}",
    "{{ ('a\n' * 99999)|indent(1000) }}",
    "{{ 9**9**9 }}",
    "{{ [[1]]|tojson(indent=10**9) }}",
    "(" * 5,
    "{{ " + "(" * 100000,
    "{{ " + "-" * 100000 + "1 }}",
    "{{ " + "[" * 100000,
    "{{ " + "not " * 100000 + "1 }}",
    "{% if 1 %}" * 100000,
    "{{ 1" + "+1" * 100000 + " }}",
    "{{ x" + ".x" * 100000 + " }}",
    "{{ x" + "|d" * 100000 + " }}",
    "{{ 1" + " if 1 else 1" * 100000 + " }}",
    "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns.x.x.x }}",
    "{{ strftime_now('%999999999d') }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ messages.append(1) }}",
    "{{ cycler.__init__ }}",
    "{% set ns = namespace() %}{% set ns.__class__ = 1 %}",
    "{{ range(5).__iter__() }}",
    "{{ '{0.__class__}'.format(1) }}",
]


@pytest.mark.parametrize("template", HOSTILE, ids=lambda t: t[:40])
def test_hostile_templates_end(text_oracle, template):
    """With an error or a text, within seconds and without much memory; the process lives on."""
    try:
        assert len(text_oracle.ask(template=template, special_tokens={}, messages=CHATS["user"])) < 2 ** 24
    except HoneError as error:
        assert str(error)
    assert text_oracle.ask(template="{{ 1 }}", special_tokens={}, messages=CHATS["user"]) == "1"
    status = pathlib.Path(f"/proc/{text_oracle.process.pid}/status").read_text()
    assert int(status.split("VmHWM:")[1].split()[0]) < 2 ** 21, "KiB at the peak"
