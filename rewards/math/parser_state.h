// The parser's own header: recursive descent, one function a level of precedence, with a depth that is counted.
//   list -> relation -> ratio -> set expression -> sum -> term -> factor -> postfix -> primary
#pragma once

#include "rewards/math/parser.h"

namespace hone::math {

class Parser {
 public:
  Parser(Tree& tree, Tokens tokens, const Policy& policy)
      : tree_(tree), tokens_(std::move(tokens)), policy_(policy), first_node_(tree.size()) {}
  Parsed run();

 private:
  // parser.cpp. Each returns kNone after fail().
  NodeId list();
  NodeId relation();
  NodeId ratio();
  NodeId set_expression();
  NodeId sum();
  NodeId term();
  NodeId factor();
  NodeId negated(NodeId value);
  NodeId mixed_number(NodeId whole);
  NodeId with_unit(NodeId value);
  bool unit_starts() const;
  bool factor_starts() const;

  // parser_postfix.cpp
  NodeId postfix();
  NodeId exponent();
  NodeId power_of(NodeId base);
  void split_word();
  NodeId subscript(NodeId base);
  std::string subscript_text();
  NodeId number_in_base(NodeId number, std::string_view base);

  // parser_primary.cpp
  NodeId primary();
  NodeId word();
  NodeId symbol();
  NodeId bars();
  NodeId brackets();
  NodeId reversed_interval();
  NodeId group();
  NodeId set();
  NodeId set_builder(NodeId element);
  std::vector<NodeId> elements(int bars = 0);
  NodeId fraction();
  NodeId argument();
  NodeId matrix();
  NodeId opaque();
  NodeId opaque_call(std::string_view name, const std::vector<NodeId>& arguments);

  // parser_function.cpp
  NodeId function();
  NodeId function_argument();
  NodeId root();
  NodeId logarithm_base();
  NodeId call(Function f, const std::vector<NodeId>& arguments);
  NodeId big_operator(Kind kind);

  const Token& token(size_t ahead = 0) const { return tokens_.list[std::min(at_ + ahead, tokens_.list.size() - 1)]; }
  bool at(Tok kind) const { return token().kind == kind; }
  bool at(Tok kind, uint32_t code) const { return token().kind == kind && token().code == code; }
  bool accept(Tok kind) { return at(kind) && (++at_, true); }
  bool accept(Tok kind, uint32_t code) { return at(kind, code) && (++at_, true); }
  NodeId fail(std::string reason, bool limit = false);
  bool failed() const { return !error_.empty(); }
  NodeId make(Kind kind, std::initializer_list<NodeId> children, uint8_t tag = 0, uint32_t payload = 0) {
    return make(kind, std::span<const NodeId>(children.begin(), children.size()), tag, payload);
  }
  NodeId make(Kind kind, std::span<const NodeId> children, uint8_t tag = 0, uint32_t payload = 0);
  std::string describe(const Token& token) const;

  // Counts a level of nesting for as long as it lives.
  class Nested {
   public:
    explicit Nested(Parser& parser) : parser_(parser) {
      if (++parser.depth_ > kMaxDepth) parser.fail("nested more than 64 deep", true);
    }
    ~Nested() { --parser_.depth_; }

   private:
    Parser& parser_;
  };

  Tree& tree_;
  Tokens tokens_;
  const Policy& policy_;
  size_t first_node_;
  size_t at_ = 0;
  int depth_ = 0;
  bool colon_ends_ = false;              // {x : x > 0}
  bool bracket_ends_ = false;            // ]a, b[
  int bars_ = 0;                         // absolute values open at this level of brackets
  std::vector<std::string_view> bound_;  // variables of sums around: i is no imaginary unit there
  std::string error_;
  bool limit_ = false;
};

}  // namespace hone::math
