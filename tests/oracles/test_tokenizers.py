"""Tokenizers: the tokens, texts and streamed pieces of hone are those of the Python library `tokenizers`."""
import json
import random
import unicodedata

import pytest
from text_oracle import text_oracle  # noqa: F401
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

STRINGS = 10_000
SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<｜end▁of▁sentence｜>"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
LLAMA3 = QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|", 1)
DEEPSEEK = [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]
PIECES = ["hello", " world", "The quick brown fox", "  ", "\n", "\r\n", "\t", " ", "\u3000", "\u200b",
          "\u200d", "\ufeff", "\ufffd", "don't", "I'LL", "naïve", "e\u0301", "ﬁ", "Ａ１", "İ", "ß", "你好世界",
          "東京タワー", "한국어", "مرحبا", "שלום", "ไทย", "हिन्दी", "🙂", "👩‍👩‍👧", "🇨🇭", "𝕏", "\U0010ffff", "\x00",
          "\x7f", "\x85", "1234567", "3.14", "٣", "½", "x_1", "def f(x):\n    return x**2\n",
          "<div class=\"a\">", "{{}}", "#include <vector>", "/* */", "$\\frac{1}{2}$", "▁", "Ġ", "<0x41>",
          "##ing", "[UNK]", *SPECIAL, "<|im_start", " <s> ", "</s>\n"]


def texts(seed, count):
    draw = random.Random(seed)
    planes = [(0x20, 0x7F), (0, 0x300), (0x300, 0x3000), (0x3000, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000)]
    for _ in range(count):
        out = []
        for _ in range(draw.randrange(12)):
            if draw.random() < 0.7:
                out.append(draw.choice(PIECES))
            else:
                out.append("".join(chr(draw.randrange(*draw.choice(planes))) for _ in range(draw.randrange(1, 6))))
        yield "".join(out)


def byte_level(split):
    tokenizer = Tokenizer(models.BPE())
    if split == "gpt2":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    else:
        patterns = {"qwen2": [QWEN2], "llama3": [LLAMA3], "deepseek": DEEPSEEK}[split]
        steps = [pre_tokenizers.Split(Regex(p), "isolated") for p in patterns]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if split == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return tokenizer, trainers.BpeTrainer(vocab_size=1500, initial_alphabet=alphabet, special_tokens=SPECIAL)


def sentencepiece_bpe(metaspace):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>" if metaspace else "<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1), ("</s>", 2)])
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    return tokenizer, trainers.BpeTrainer(vocab_size=1200, special_tokens=SPECIAL + bytes_, max_token_length=16)


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer, trainers.UnigramTrainer(vocab_size=6000, unk_token="<unk>", special_tokens=SPECIAL)


def wordpiece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 1))
    return tokenizer, trainers.WordPieceTrainer(vocab_size=900, special_tokens=SPECIAL)


KINDS = {
    "gpt2": lambda: byte_level("gpt2"), "qwen2": lambda: byte_level("qwen2"), "llama3": lambda: byte_level("llama3"),
    "deepseek": lambda: byte_level("deepseek"), "llama2": lambda: sentencepiece_bpe(False),
    "mistral": lambda: sentencepiece_bpe(True), "unigram": unigram, "wordpiece": wordpiece,
}


@pytest.fixture(scope="module", params=KINDS)
def pair(request, tmp_path_factory, text_oracle):
    """The library's tokenizer, read from its file, and ours."""
    tokenizer, trainer = KINDS[request.param]()
    trainer.show_progress = False
    # Unigram's trainer takes no lone control characters.
    corpus = ["".join(c for c in t if unicodedata.category(c) not in ("Cc", "Cn", "Co")) for t in texts(7, 1500)]
    tokenizer.train_from_iterator(corpus, trainer)
    directory = tmp_path_factory.mktemp(request.param)
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>", "bos_token": {"content": "<s>"}}))
    loaded = Tokenizer.from_file(str(directory / "tokenizer.json"))
    size = 1 + max(loaded.get_vocab().values())
    assert text_oracle.ask(load=str(directory)) == [size, -1, *map(loaded.token_to_id, ("<s>", "</s>"))]
    return loaded, text_oracle, size


def test_encode_and_decode(pair):
    right, ours, _ = pair
    for text in texts(1, STRINGS):
        tokens = right.encode(text, add_special_tokens=False).ids
        assert ours.ask(encode=text) == tokens, repr(text)
        assert ours.ask(decode=tokens) == right.decode(tokens, skip_special_tokens=False), repr(text)


def test_prompts_are_framed_without_eos_at_the_end(pair):
    right, ours, _ = pair
    eos = [right.token_to_id("</s>")]
    for text in [t for t in texts(2, 200) if not t.endswith("</s>")]:
        framed = right.encode(text).ids
        assert ours.ask(encode_prompt=text) == (framed[:-1] if framed[-1:] == eos else framed), repr(text)


@pytest.mark.parametrize("skip", [False, True])
def test_streamed_pieces_are_the_text(pair, skip):
    """Of texts and of tokens at random, which seldom are UTF-8."""
    right, ours, size = pair
    draw = random.Random(3)
    rows = [right.encode(text, add_special_tokens=False).ids for text in texts(4, 700)]
    rows += [[draw.randrange(size + 3) for _ in range(draw.randrange(40))] for _ in range(700)]
    for tokens in rows:
        pieces = ours.ask(stream=tokens, skip=skip)
        assert "".join(pieces) == right.decode(tokens, skip_special_tokens=skip), tokens
