//! Compiles the syntax tree of the crate `xpath-eval`, and finds everything that can be wrong with an expression.

use xpath_eval as syntax;

use super::XPathError;
use super::call::SIGNATURES;
use super::expression::{Arithmetic, Axis, Expr, Order, Path, Predicate, Start, Step, Test, XPathType};
use super::name::NameTest;
use super::pattern;
use super::words::{self, Words};
use crate::scrape::extract::nearest::nearest;

/// How deep the operators of an expression may nest. `a or b or c` is one inside of another.
const MAX_DEPTH: usize = 200;

/// Names that users may try, and what to write instead.
const INSTEAD: [(&str, &str); 8] = [
    ("matches", "re:test(.., \"..\")"),
    ("ends-with", "re:test(.., \"..$\")"),
    ("replace", "re:replace(.., \"..\", \"g\", \"..\")"),
    ("lower-case", "translate(.., \"ABC\", \"abc\")"),
    ("upper-case", "translate(.., \"abc\", \"ABC\")"),
    ("string-join", "string(..)"),
    ("distinct-values", "set:distinct(..)"),
    ("trim", "normalize-space(..)"),
];

/// Reads an expression.
pub(super) fn compile(text: &str) -> Result<Expr, XPathError> {
    let words = Words::check(text)?;
    let tree = syntax::parse(text).map_err(|error| {
        let (offset, length) = words::token(text, error.position);
        XPathError { offset, length, message: error.message, suggestion: None }
    })?;
    Compiler { words, depth: 0 }.expr(&tree)
}

struct Compiler<'t> {
    words: Words<'t>,
    depth: usize,
}

impl Compiler<'_> {
    fn expr(&mut self, expr: &syntax::Expr) -> Result<Expr, XPathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.words.all(format!("the expression nests more than {MAX_DEPTH} deep")));
        }
        let compiled = self.operator(expr);
        self.depth -= 1;
        compiled
    }

    fn boxed(&mut self, expr: &syntax::Expr) -> Result<Box<Expr>, XPathError> {
        self.expr(expr).map(Box::new)
    }

    fn operator(&mut self, expr: &syntax::Expr) -> Result<Expr, XPathError> {
        use syntax::Expr as E;
        Ok(match expr {
            E::Or(one, other) => Expr::Or(self.boxed(one)?, self.boxed(other)?),
            E::And(one, other) => Expr::And(self.boxed(one)?, self.boxed(other)?),
            E::Equality(one, operator, other) => {
                Expr::Equality(*operator == syntax::EqualityOp::Eq, self.boxed(one)?, self.boxed(other)?)
            }
            E::Relational(one, operator, other) => {
                let order = match operator {
                    syntax::RelationalOp::Lt => Order::Less,
                    syntax::RelationalOp::Le => Order::LessOrEqual,
                    syntax::RelationalOp::Gt => Order::Greater,
                    syntax::RelationalOp::Ge => Order::GreaterOrEqual,
                };
                Expr::Order(order, self.boxed(one)?, self.boxed(other)?)
            }
            E::Additive(one, operator, other) => {
                let operator = match operator {
                    syntax::AdditiveOp::Add => Arithmetic::Add,
                    syntax::AdditiveOp::Sub => Arithmetic::Subtract,
                };
                Expr::Arithmetic(operator, self.boxed(one)?, self.boxed(other)?)
            }
            E::Multiplicative(one, operator, other) => {
                let operator = match operator {
                    syntax::MultiplicativeOp::Mul => Arithmetic::Multiply,
                    syntax::MultiplicativeOp::Div => Arithmetic::Divide,
                    syntax::MultiplicativeOp::Mod => Arithmetic::Remainder,
                };
                Expr::Arithmetic(operator, self.boxed(one)?, self.boxed(other)?)
            }
            E::Negate(one) => Expr::Negate(self.boxed(one)?),
            E::Union(one, other) => {
                let (one, other) = (self.boxed(one)?, self.boxed(other)?);
                for side in [&one, &other] {
                    if side.kind() != XPathType::Nodes {
                        return Err(self.words.all("both sides of `|` must be nodes".to_owned()));
                    }
                }
                Expr::Union(one, other)
            }
            E::Path(path) => self.path(path)?,
        })
    }

    fn path(&mut self, path: &syntax::PathExpr) -> Result<Expr, XPathError> {
        match path {
            syntax::PathExpr::Location(path) => {
                let start = if path.is_absolute { Start::Root } else { Start::Context };
                Ok(Expr::Path(Path { start, steps: self.steps(&path.steps)? }))
            }
            syntax::PathExpr::Filter(filter) if filter.predicates.is_empty() => self.primary(&filter.primary),
            syntax::PathExpr::Filter(filter) => Ok(Expr::Path(Path { start: self.filter(filter)?, steps: Vec::new() })),
            syntax::PathExpr::FilterLocation(filter, path) => {
                Ok(Expr::Path(Path { start: self.filter(filter)?, steps: self.steps(&path.steps)? }))
            }
        }
    }

    fn filter(&mut self, filter: &syntax::FilterExpr) -> Result<Start, XPathError> {
        let primary = self.primary(&filter.primary)?;
        if primary.kind() != XPathType::Nodes {
            return Err(self.words.all("only nodes can be followed by `/` or `[..]`".to_owned()));
        }
        Ok(Start::Nodes(Box::new(primary), self.predicates(&filter.predicates)?))
    }

    fn primary(&mut self, primary: &syntax::PrimaryExpr) -> Result<Expr, XPathError> {
        match primary {
            syntax::PrimaryExpr::Variable(name) => Err(self.words.variable(&written(name))),
            syntax::PrimaryExpr::Parenthesized(expr) => self.expr(expr),
            syntax::PrimaryExpr::Literal(text) => Ok(Expr::Text(text.clone())),
            syntax::PrimaryExpr::Number(number) => Ok(Expr::Number(*number)),
            syntax::PrimaryExpr::Function(call) => self.call(call),
        }
    }

    fn steps(&mut self, steps: &[syntax::Step]) -> Result<Vec<Step>, XPathError> {
        let mut compiled: Vec<Step> = Vec::new();
        for step in steps {
            let mut step = self.step(step)?;
            let is_below = |last: &Step| {
                last.axis == Axis::DescendantOrSelf && matches!(last.test, Test::Node) && last.predicates.is_empty()
            };
            // `//p` is short for `/descendant-or-self::node()/child::p`. Without a position in it, `/descendant::p` is
            // the same, and does not collect all nodes first.
            if step.axis == Axis::Child && !step.is_positional() && compiled.last().is_some_and(is_below) {
                compiled.pop();
                step.axis = Axis::Descendant;
            }
            compiled.push(step);
        }
        Ok(compiled)
    }

    fn step(&mut self, step: &syntax::Step) -> Result<Step, XPathError> {
        use syntax::NodeTest as N;
        let test = match &step.node_test {
            N::AnyName => Test::Name(NameTest::new(None, None)),
            N::NamespaceWildcard(prefix) => Test::Name(NameTest::new(Some(prefix.clone()), None)),
            N::QName(name) => Test::Name(NameTest::new(name.prefix.clone(), Some(name.local.clone()))),
            N::Node => Test::Node,
            N::Text => Test::Text,
            N::Comment => Test::Comment,
            N::ProcessingInstruction(target) => Test::Instruction(target.clone()),
        };
        let axis = match step.axis {
            syntax::Axis::Ancestor => Axis::Ancestor,
            syntax::Axis::AncestorOrSelf => Axis::AncestorOrSelf,
            syntax::Axis::Attribute => Axis::Attribute,
            syntax::Axis::Child => Axis::Child,
            syntax::Axis::Descendant => Axis::Descendant,
            syntax::Axis::DescendantOrSelf => Axis::DescendantOrSelf,
            syntax::Axis::Following => Axis::Following,
            syntax::Axis::FollowingSibling => Axis::FollowingSibling,
            syntax::Axis::Parent => Axis::Parent,
            syntax::Axis::Preceding => Axis::Preceding,
            syntax::Axis::PrecedingSibling => Axis::PrecedingSibling,
            syntax::Axis::SelfAxis => Axis::Itself,
            syntax::Axis::Namespace => return Err(self.words.all("the axis `namespace` is not supported".to_owned())),
        };
        Ok(Step { axis, test, predicates: self.predicates(&step.predicates)? })
    }

    fn predicates(&mut self, predicates: &[syntax::Expr]) -> Result<Vec<Predicate>, XPathError> {
        let compile = |expr: &syntax::Expr| {
            let expr = self.expr(expr)?;
            Ok(match expr {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "only whole numbers in the range pass"
                )]
                Expr::Number(number) if number.fract() == 0.0 && (1.0..=1e9).contains(&number) => {
                    Predicate::Nth(number as usize)
                }
                expr if expr.kind() == XPathType::Number || expr.asks_for_position() => Predicate::Positional(expr),
                expr => Predicate::Plain(expr),
            })
        };
        predicates.iter().map(compile).collect()
    }

    fn call(&mut self, call: &syntax::FunctionCall) -> Result<Expr, XPathError> {
        let name = written(&call.name);
        let mut arguments = call.args.iter().map(|argument| self.expr(argument)).collect::<Result<Vec<_>, _>>()?;
        if let "re:test" | "re:replace" | "re:match" = &*name {
            return pattern::call(&name, arguments).map_err(|message| self.words.call(&name, message, None));
        }
        let Some(signature) = SIGNATURES.iter().find(|signature| signature.name == name) else {
            let known = SIGNATURES.iter().map(|signature| signature.name).chain(["re:test", "re:replace"]);
            let known: Vec<&str> = known.collect();
            let instead = INSTEAD.iter().find(|(other, _)| *other == name).map(|(_, instead)| (*instead).to_owned());
            let suggestion = instead.or_else(|| nearest(&name, &known).map(|name| format!("{name}(..)")));
            return Err(self.words.call(&name, format!("XPath 1.0 has no function `{name}`"), suggestion));
        };
        if arguments.is_empty() && signature.of_context {
            let step = Step { axis: Axis::Itself, test: Test::Node, predicates: Vec::new() };
            arguments.push(Expr::Path(Path { start: Start::Context, steps: vec![step] }));
        }
        let count = arguments.len();
        if count < signature.fewest || count > signature.most {
            let expected = match (signature.fewest, signature.most) {
                (fewest, usize::MAX) => format!("at least {fewest}"),
                (fewest, most) if fewest == most => format!("{fewest}"),
                (fewest, most) => format!("{fewest} to {most}"),
            };
            let message = format!("the function `{name}` takes {expected} arguments, and there are {count}");
            return Err(self.words.call(&name, message, None));
        }
        if signature.of_nodes && arguments.iter().any(|argument| argument.kind() != XPathType::Nodes) {
            let message = format!("the function `{name}` takes nodes, such as `//a`");
            return Err(self.words.call(&name, message, None));
        }
        Ok(Expr::Call(signature.function, arguments))
    }
}

fn written(name: &syntax::QName) -> String {
    match &name.prefix {
        Some(prefix) => format!("{prefix}:{}", name.local),
        None => name.local.clone(),
    }
}
