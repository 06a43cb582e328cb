//! Regular expressions taken apart, each once: configurations repeat theirs, and several rules look at one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std_components::text::Mistake;
use std_components::text::re2_syntax::{self, Syntax};

/// Expressions that are kept at the most; then all are forgotten.
const MAX_KEPT: usize = 256;

type Parsed = Rc<Result<Syntax, Mistake>>;

thread_local! {
    static KEPT: RefCell<HashMap<String, Parsed>> = RefCell::new(HashMap::new());
}

/// An expression taken apart, or what is wrong with it.
pub(super) fn parsed(expression: &str) -> Parsed {
    KEPT.with(|kept| {
        let mut kept = kept.borrow_mut();
        if let Some(found) = kept.get(expression) {
            return Rc::clone(found);
        }
        let made = Rc::new(re2_syntax::parse(expression));
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(expression.to_owned(), Rc::clone(&made));
        made
    })
}
