//! Evaluates expressions (`XPath` 1.0, sections 2 and 3).

use super::axis::{Walk, in_document_order};
use super::expression::{Arithmetic, Expr, Function, Path, Predicate, Start, Step};
use super::tree::{Place, TooMuchWork, Tree};
use super::value::{self, Value};

/// The node for which an expression is evaluated, and its place among others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) node: Place,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl Context {
    pub(super) fn of(node: Place) -> Self {
        Self { node, position: 1, size: 1 }
    }
}

impl<'d> Tree<'d> {
    /// Evaluates an expression. The recursion is bounded, because the compiler limits how deep expressions nest.
    pub(super) fn evaluate(&self, expr: &Expr, context: Context) -> Result<Value<'d>, TooMuchWork> {
        self.work(1)?;
        let number = |expr: &Expr| self.evaluate(expr, context)?.number(self);
        Ok(match expr {
            Expr::Or(..) | Expr::And(..) => Value::Truth(self.truth(expr, context)?),
            Expr::Equality(wanted, one, other) => {
                let (one, other) = (self.evaluate(one, context)?, self.evaluate(other, context)?);
                Value::Truth(value::equality(self, *wanted, one, other)?)
            }
            Expr::Order(order, one, other) => {
                let (one, other) = (self.evaluate(one, context)?, self.evaluate(other, context)?);
                Value::Truth(value::order(self, *order, one, other)?)
            }
            Expr::Arithmetic(operator, one, other) => {
                let (one, other) = (number(one)?, number(other)?);
                Value::Number(match operator {
                    Arithmetic::Add => one + other,
                    Arithmetic::Subtract => one - other,
                    Arithmetic::Multiply => one * other,
                    Arithmetic::Divide => one / other,
                    Arithmetic::Remainder => one % other,
                })
            }
            Expr::Negate(one) => Value::Number(-number(one)?),
            Expr::Union(one, other) => {
                let (mut one, other) = (self.nodes(one, context)?, self.nodes(other, context)?);
                one.extend(other);
                Value::Nodes(in_document_order(one))
            }
            Expr::Path(Path { start, steps }) => Value::Nodes(self.path(start, steps, context)?),
            Expr::Text(text) => {
                self.copy(text.len())?;
                Value::Text(text.clone().into())
            }
            Expr::Number(number) => Value::Number(*number),
            Expr::Call(function, arguments) => self.call(*function, arguments, context)?,
            Expr::Test(text, regex) => {
                let text = self.text(text, context)?;
                self.copy(text.len())?;
                Value::Truth(regex.is_match(&text))
            }
            Expr::Replace(text, replacement) => {
                let text = self.text(text, context)?;
                Value::Text(self.replace(&text, replacement)?.into())
            }
        })
    }

    pub(super) fn nodes(&self, expr: &Expr, context: Context) -> Result<Vec<Place>, TooMuchWork> {
        Ok(self.evaluate(expr, context)?.nodes())
    }

    pub(super) fn text(&self, expr: &Expr, context: Context) -> Result<std::borrow::Cow<'d, str>, TooMuchWork> {
        self.evaluate(expr, context)?.text(self)
    }

    /// Evaluates an expression as a boolean. It stops as soon as the answer is known: a path needs only one node.
    pub(super) fn truth(&self, expr: &Expr, context: Context) -> Result<bool, TooMuchWork> {
        match expr {
            Expr::Or(one, other) => Ok(self.truth(one, context)? || self.truth(other, context)?),
            Expr::And(one, other) => Ok(self.truth(one, context)? && self.truth(other, context)?),
            Expr::Call(Function::Not, arguments) => Ok(!self.truth(&arguments[0], context)?),
            Expr::Call(Function::Boolean, arguments) => self.truth(&arguments[0], context),
            Expr::Path(Path { start, steps }) => self.exists(start, steps, context),
            _ => Ok(self.evaluate(expr, context)?.truth()),
        }
    }

    fn path(&self, start: &Start, steps: &[Step], context: Context) -> Result<Vec<Place>, TooMuchWork> {
        let mut nodes = match start {
            Start::Root => vec![Place::node(0)],
            Start::Context => vec![context.node],
            Start::Nodes(expr, predicates) => self.filtered(predicates, self.nodes(expr, context)?)?,
        };
        for step in steps {
            nodes = self.step(step, &nodes)?;
        }
        Ok(nodes)
    }

    /// Whether a path gives any node.
    fn exists(&self, start: &Start, steps: &[Step], context: Context) -> Result<bool, TooMuchWork> {
        let Some((last, before)) = steps.split_last().filter(|(last, _)| !last.is_positional()) else {
            return Ok(!self.path(start, steps, context)?.is_empty());
        };
        let from = self.path(start, before, context)?;
        let [from] = from[..] else { return Ok(!self.step(last, &from)?.is_empty()) };
        let mut walk = Walk::new(self, last.axis, from);
        while let Some(place) = walk.next(self)? {
            if self.passes(last.axis, &last.test, place) && !self.filtered(&last.predicates, vec![place])?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn step(&self, step: &Step, from: &[Place]) -> Result<Vec<Place>, TooMuchWork> {
        let Step { axis, test, predicates } = step;
        if !step.is_positional() {
            // The predicates do not care from where a node was found.
            return self.filtered(predicates, self.along(*axis, from, test)?);
        }
        // `[1]` needs only the first node.
        let enough = if let Some(Predicate::Nth(nth)) = predicates.first() { *nth } else { usize::MAX };
        let mut found = Vec::new();
        for from in from {
            let mut candidates = Vec::new();
            let mut walk = Walk::new(self, *axis, *from);
            while candidates.len() < enough
                && let Some(place) = walk.next(self)?
            {
                candidates.extend(Some(place).filter(|place| self.passes(*axis, test, *place)));
            }
            found.extend(self.filtered(predicates, candidates)?);
        }
        self.work(found.len())?;
        Ok(in_document_order(found))
    }

    /// Applies predicates to nodes in the order of their axis.
    fn filtered(&self, predicates: &[Predicate], mut places: Vec<Place>) -> Result<Vec<Place>, TooMuchWork> {
        for predicate in predicates {
            let (expr, is_number) = match predicate {
                Predicate::Nth(nth) => {
                    places = places.get(nth - 1).copied().into_iter().collect();
                    continue;
                }
                Predicate::Positional(expr) => (expr, expr.kind() == super::XPathType::Number),
                Predicate::Plain(expr) => (expr, false),
            };
            let size = places.len();
            let mut kept = Vec::new();
            for (node, position) in places.into_iter().zip(1..) {
                let context = Context { node, position, size };
                #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "both are exact below 2^52")]
                let keeps = if is_number {
                    self.evaluate(expr, context)?.number(self)? == position as f64
                } else {
                    self.truth(expr, context)?
                };
                kept.extend(Some(node).filter(|_| keeps));
            }
            places = kept;
        }
        Ok(places)
    }
}
