//! Parses documents, as the specification of GraphQL has it (September 2025), within the limits that hold while a document is read.
//!
//! The parser of async-graphql takes several times as long for each token, which anybody could make use of; what comes of it is the same,
//! and what follows takes it.

mod definitions;
mod lexer;
mod texts;
mod values;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{
        ExecutableDocument, Field, FragmentSpread, InlineFragment, Selection, SelectionSet,
        TypeCondition,
    },
};

use self::lexer::{Kind, Lexer, Token};
use crate::{
    delivery::limits::Limits,
    graphql::errors::{PARSE_FAILED, with_code},
};

/// How many brackets may be open at once: far more than any query of a person or a generator needs.
const DEEPEST: usize = 64;

type Result<T> = std::result::Result<T, ServerError>;

/// A document, and how many tokens it has; or what is wrong with it first. Errors show nothing of the document, as a secret may stand
/// there: they tell its place.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<(ExecutableDocument, u64)> {
    let mut parser = Parser::new(text, limits)?;
    let document = parser.document()?;
    Ok((document, parser.tokens))
}

/// An error that tells what is wrong, and where.
fn mistake(message: impl Into<String>, pos: Pos) -> ServerError {
    with_code(ServerError::new(message, Some(pos)), PARSE_FAILED)
}

/// Reads a document with one token of looking ahead.
struct Parser<'a> {
    lexer: Lexer<'a>,
    next: Token<'a>,
    tokens: u64,
    open: usize,
    limits: &'a Limits,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, limits: &'a Limits) -> Result<Self> {
        let mut lexer = Lexer::new(text);
        let next = lexer.next()?;
        Ok(Self {
            lexer,
            next,
            tokens: 0,
            open: 0,
            limits,
        })
    }

    /// Takes the next token, whatever it is.
    fn take(&mut self) -> Result<Token<'a>> {
        self.tokens += 1;
        if self.limits.check_tokens(self.tokens).is_err() {
            // The refusal tells of all of them.
            self.tokens += self.lexer.rest();
            self.limits.check_tokens(self.tokens)?;
        }
        Ok(std::mem::replace(&mut self.next, self.lexer.next()?))
    }

    /// Takes the next token if it is of this kind.
    fn take_if(&mut self, kind: Kind) -> Result<Option<Token<'a>>> {
        let is_next = self.next.kind == kind;
        is_next.then(|| self.take()).transpose()
    }

    /// Takes the next token, which is to be this mark.
    fn mark(&mut self, mark: u8) -> Result<Token<'a>> {
        match self.take_if(Kind::Mark(mark))? {
            Some(token) => Ok(token),
            None => Err(self.unexpected(&format!("\"{}\"", char::from(mark)))),
        }
    }

    fn name(&mut self) -> Result<Positioned<Name>> {
        match self.take_if(Kind::Name)? {
            Some(token) => Ok(Positioned::new(Name::new(token.text), token.pos)),
            None => Err(self.unexpected("a name")),
        }
    }

    fn is_word(&self, word: &str) -> bool {
        self.next.kind == Kind::Name && self.next.text == word
    }

    /// What stands between two marks, one after the other.
    fn between<T>(
        &mut self,
        marks: [u8; 2],
        mut read: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let first = self.mark(marks[0])?;
        self.open += 1;
        if self.open > DEEPEST {
            let message = format!("the document is nested more than {DEEPEST} deep");
            return Err(mistake(message, first.pos));
        }
        let mut items = Vec::new();
        while self.take_if(Kind::Mark(marks[1]))?.is_none() {
            items.push(read(self)?);
        }
        self.open -= 1;
        Ok(items)
    }

    /// What stands between two marks, where there is something.
    fn some_between<T>(
        &mut self,
        marks: [u8; 2],
        read: impl Fn(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let first = self.next.pos;
        let items = self.between(marks, read)?;
        if items.is_empty() {
            let [open, close] = marks.map(char::from);
            return Err(mistake(
                format!("there is nothing in \"{open}{close}\""),
                first,
            ));
        }
        Ok(items)
    }

    fn selection_set(&mut self) -> Result<Positioned<SelectionSet>> {
        let pos = self.next.pos;
        let items = self.some_between(*b"{}", Self::selection)?;
        Ok(Positioned::new(SelectionSet { items }, pos))
    }

    fn selection(&mut self) -> Result<Positioned<Selection>> {
        let pos = self.next.pos;
        let selection = if self.take_if(Kind::Spread)?.is_none() {
            Selection::Field(Positioned::new(self.field()?, pos))
        } else if self.next.kind == Kind::Name && self.next.text != "on" {
            let spread = FragmentSpread {
                fragment_name: self.name()?,
                directives: self.directives()?,
            };
            Selection::FragmentSpread(Positioned::new(spread, pos))
        } else {
            let has_condition = self.is_word("on");
            let fragment = InlineFragment {
                type_condition: has_condition.then(|| self.type_condition()).transpose()?,
                directives: self.directives()?,
                selection_set: self.selection_set()?,
            };
            Selection::InlineFragment(Positioned::new(fragment, pos))
        };
        Ok(Positioned::new(selection, pos))
    }

    fn field(&mut self) -> Result<Field> {
        let first = self.name()?;
        let (alias, name) = match self.take_if(Kind::Mark(b':'))? {
            Some(_) => (Some(first), self.name()?),
            None => (None, first),
        };
        Ok(Field {
            alias,
            name,
            arguments: self.arguments()?,
            directives: self.directives()?,
            selection_set: match self.next.kind {
                Kind::Mark(b'{') => self.selection_set()?,
                _ => Positioned::default(),
            },
        })
    }

    /// `on` and the name of a type.
    fn type_condition(&mut self) -> Result<Positioned<TypeCondition>> {
        if !self.is_word("on") {
            return Err(self.unexpected("\"on\""));
        }
        let pos = self.take()?.pos;
        let on = self.name()?;
        Ok(Positioned::new(TypeCondition { on }, pos))
    }

    /// That something else is next than what is expected.
    fn unexpected(&self, expected: &str) -> ServerError {
        let found = match self.next.kind {
            Kind::Name => "a name",
            Kind::Number => "a number",
            Kind::Text | Kind::Block => "a text",
            Kind::Spread => "\"...\"",
            Kind::Mark(_) => &format!("\"{}\"", self.next.text),
            Kind::End => "the end",
        };
        let message = format!("expected {expected}, found {found}");
        mistake(message, self.next.pos)
    }
}

#[cfg(test)]
mod tests;
