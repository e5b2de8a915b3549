//! Values, and what takes them: arguments and directives.

use async_graphql::{Name, Positioned, indexmap::IndexMap, parser::types::Directive};
use async_graphql_value::{ConstValue, Value};

use super::{Kind, Parser, Result, mistake, texts};

impl Parser<'_> {
    pub(super) fn directives(&mut self) -> Result<Vec<Positioned<Directive>>> {
        self.directives_of(Self::value)
    }

    /// Directives where there are no variables.
    pub(super) fn constant_directives(&mut self) -> Result<Vec<Positioned<Directive>>> {
        self.directives_of(Self::constant_value)
    }

    fn directives_of(
        &mut self,
        value: fn(&mut Self) -> Result<Value>,
    ) -> Result<Vec<Positioned<Directive>>> {
        let mut directives = Vec::new();
        while let Some(mark) = self.take_if(Kind::Mark(b'@'))? {
            let directive = Directive {
                name: self.name()?,
                arguments: self.arguments_of(value)?,
            };
            directives.push(Positioned::new(directive, mark.pos));
        }
        Ok(directives)
    }

    pub(super) fn arguments(&mut self) -> Result<Vec<(Positioned<Name>, Positioned<Value>)>> {
        self.arguments_of(Self::value)
    }

    fn arguments_of(
        &mut self,
        value: fn(&mut Self) -> Result<Value>,
    ) -> Result<Vec<(Positioned<Name>, Positioned<Value>)>> {
        if self.next.kind != Kind::Mark(b'(') {
            return Ok(Vec::new());
        }
        self.some_between(*b"()", |parser| {
            let name = parser.name()?;
            parser.mark(b':')?;
            let pos = parser.next.pos;
            Ok((name, Positioned::new(value(parser)?, pos)))
        })
    }

    /// A value without variables.
    pub(super) fn constant(&mut self) -> Result<Positioned<ConstValue>> {
        let pos = self.next.pos;
        let value = self.constant_value()?.into_const();
        let value = value.ok_or_else(|| mistake("a value with a variable", pos))?;
        Ok(Positioned::new(value, pos))
    }

    fn constant_value(&mut self) -> Result<Value> {
        if self.next.kind == Kind::Mark(b'$') {
            return Err(self.unexpected("a value without variables"));
        }
        self.value_of(Self::constant_value)
    }

    fn value(&mut self) -> Result<Value> {
        if self.take_if(Kind::Mark(b'$'))?.is_some() {
            return Ok(Value::Variable(self.name()?.node));
        }
        self.value_of(Self::value)
    }

    /// A value that is no variable, and has such values in it.
    fn value_of(&mut self, inner: fn(&mut Self) -> Result<Value>) -> Result<Value> {
        match self.next.kind {
            Kind::Mark(b'[') => Ok(Value::List(self.between(*b"[]", inner)?)),
            Kind::Mark(b'{') => self.object(inner),
            Kind::Text | Kind::Block => Ok(Value::String(self.text()?)),
            Kind::Number => self.number(),
            Kind::Name => Ok(match self.take()?.text {
                "true" => Value::Boolean(true),
                "false" => Value::Boolean(false),
                "null" => Value::Null,
                name => Value::Enum(Name::new(name)),
            }),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn object(&mut self, value: fn(&mut Self) -> Result<Value>) -> Result<Value> {
        let mut fields = IndexMap::new();
        self.between(*b"{}", |parser| {
            let name = parser.name()?;
            parser.mark(b':')?;
            let known = fields.insert(name.node, value(parser)?);
            match known {
                Some(_) => Err(mistake("a second field of this name", name.pos)),
                None => Ok(()),
            }
        })?;
        Ok(Value::Object(fields))
    }

    fn number(&mut self) -> Result<Value> {
        let token = self.take()?;
        let number = token.text.parse();
        let number = number.map_err(|_| mistake("a number that is too large", token.pos))?;
        Ok(Value::Number(number))
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let token = self.take()?;
        if token.kind == Kind::Block {
            return Ok(texts::block(token.text));
        }
        texts::line(token.text).map_err(|message| mistake(message, token.pos))
    }
}
