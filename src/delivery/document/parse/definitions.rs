//! Operations and fragments.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        BaseType, DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition,
        OperationType, Type, VariableDefinition,
    },
};

use super::{Kind, Parser, Result, mistake};

/// What is wrong with a second operation where one has no name.
pub(super) const ALONE: &str = "an operation without a name stands alone in its document";

/// The definitions that were read.
#[derive(Default)]
struct Definitions {
    nameless: Option<Positioned<OperationDefinition>>,
    named: HashMap<Name, Positioned<OperationDefinition>>,
    fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

impl Parser<'_> {
    pub(super) fn document(&mut self) -> Result<ExecutableDocument> {
        let mut definitions = Definitions::default();
        while self.next.kind != Kind::End {
            self.definition(&mut definitions)?;
        }
        let operations = match definitions.nameless {
            Some(operation) => DocumentOperations::Single(operation),
            None if definitions.named.is_empty() => {
                return Err(mistake("the document has no operation", self.next.pos));
            }
            None => DocumentOperations::Multiple(definitions.named),
        };
        Ok(ExecutableDocument {
            operations,
            fragments: definitions.fragments,
        })
    }

    fn definition(&mut self, definitions: &mut Definitions) -> Result<()> {
        let is_described = self.description()?;
        let pos = self.next.pos;
        if !is_described && self.next.kind == Kind::Mark(b'{') {
            let operation = self.operation_without_head()?;
            return definitions.add(None, Positioned::new(operation, pos));
        }
        if self.is_word("fragment") {
            let (name, fragment) = self.fragment()?;
            let known = definitions.fragments.insert(name.node, fragment);
            return match known {
                Some(_) => Err(mistake("a second fragment of this name", name.pos)),
                None => Ok(()),
            };
        }
        let (name, operation) = self.operation()?;
        definitions.add(name, Positioned::new(operation, pos))
    }

    /// Passes over what a definition is described with, which is for those who read the document.
    fn description(&mut self) -> Result<bool> {
        let is_next = matches!(self.next.kind, Kind::Text | Kind::Block);
        if is_next {
            self.text()?;
        }
        Ok(is_next)
    }

    fn operation_without_head(&mut self) -> Result<OperationDefinition> {
        Ok(OperationDefinition {
            ty: OperationType::Query,
            variable_definitions: Vec::new(),
            directives: Vec::new(),
            selection_set: self.selection_set()?,
        })
    }

    fn operation(&mut self) -> Result<(Option<Positioned<Name>>, OperationDefinition)> {
        let ty = match self.next.text {
            "query" => OperationType::Query,
            "mutation" => OperationType::Mutation,
            "subscription" => OperationType::Subscription,
            _ => return Err(self.unexpected("an operation or a fragment")),
        };
        self.take()?;
        let has_name = self.next.kind == Kind::Name;
        let name = has_name.then(|| self.name()).transpose()?;
        let operation = OperationDefinition {
            ty,
            variable_definitions: match self.next.kind {
                Kind::Mark(b'(') => self.some_between(*b"()", Self::variable_definition)?,
                _ => Vec::new(),
            },
            directives: self.directives()?,
            selection_set: self.selection_set()?,
        };
        Ok((name, operation))
    }

    fn fragment(&mut self) -> Result<(Positioned<Name>, Positioned<FragmentDefinition>)> {
        let pos = self.take()?.pos;
        if self.is_word("on") {
            return Err(mistake("no fragment has this name", self.next.pos));
        }
        let name = self.name()?;
        let fragment = FragmentDefinition {
            type_condition: self.type_condition()?,
            directives: self.directives()?,
            selection_set: self.selection_set()?,
        };
        Ok((name, Positioned::new(fragment, pos)))
    }

    fn variable_definition(&mut self) -> Result<Positioned<VariableDefinition>> {
        self.description()?;
        let pos = self.mark(b'$')?.pos;
        let name = self.name()?;
        self.mark(b':')?;
        let type_pos = self.next.pos;
        let var_type = Positioned::new(self.type_reference()?, type_pos);
        let default_value = match self.take_if(Kind::Mark(b'='))? {
            Some(_) => Some(self.constant()?),
            None => None,
        };
        let definition = VariableDefinition {
            name,
            var_type,
            directives: self.constant_directives()?,
            default_value,
        };
        Ok(Positioned::new(definition, pos))
    }

    fn type_reference(&mut self) -> Result<Type> {
        let first = self.next.pos;
        let base = if self.next.kind == Kind::Mark(b'[') {
            let mut inner = self.between(*b"[]", Self::type_reference)?;
            match (inner.pop(), inner.pop()) {
                (Some(inner), None) => BaseType::List(Box::new(inner)),
                _ => return Err(mistake("a list is of one type", first)),
            }
        } else {
            BaseType::Named(self.name()?.node)
        };
        let nullable = self.take_if(Kind::Mark(b'!'))?.is_none();
        Ok(Type { base, nullable })
    }
}

impl Definitions {
    fn add(
        &mut self,
        name: Option<Positioned<Name>>,
        operation: Positioned<OperationDefinition>,
    ) -> Result<()> {
        let pos = operation.pos;
        let is_first = self.nameless.is_none() && self.named.is_empty();
        match name {
            None if is_first => self.nameless = Some(operation),
            Some(name) if self.nameless.is_none() => {
                if self.named.insert(name.node, operation).is_some() {
                    return Err(mistake("a second operation of this name", name.pos));
                }
            }
            _ => return Err(mistake(ALONE, pos)),
        }
        Ok(())
    }
}
