//! Argon2 with memory that goes back to the system: hashes in the PHC string format.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        CustomizedPasswordHasher, Error, Result,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};

/// The least that is allocated for a hash, in blocks of 1 KiB. The system's allocator gives back at once what is larger than 32 MiB, but
/// keeps a smaller allocation for the next one, and a program that has hashed one password would be larger ever after. What
/// is not used of it is addresses, and no memory.
const LEAST_BLOCKS: usize = 33 * 1024;

/// Hashes passwords.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hasher;

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map_or(Ok(Algorithm::Argon2id), Algorithm::try_from)?;
        let version = version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let params_told = ParamsString::try_from(&params)?;
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut bytes = [0; Output::MAX_LENGTH];
        let output = bytes.get_mut(..length).ok_or(Error::OutputSize)?;
        let blocks = params.block_count();
        let mut memory = Vec::with_capacity(blocks.max(LEAST_BLOCKS));
        memory.resize(blocks, Block::new());
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password, salt, output, memory)?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: params_told,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use argon2::{
        Argon2, Params,
        password_hash::{CustomizedPasswordHasher, PasswordHasher, PasswordVerifier},
    };

    use super::Hasher;

    #[test]
    fn hashes_are_those_of_everybody_else() {
        let (password, salt) = (b"correct horse battery", b"sixteen bytes...");
        let theirs = Argon2::default().hash_password_with_salt(password, salt);
        let ours = Hasher.hash_password_with_params(password, salt, Params::default());
        let (theirs, ours) = (theirs.expect("a hash"), ours.expect("a hash"));
        assert_eq!(ours.to_string(), theirs.to_string());
        assert!(Hasher.verify_password(password, &theirs).is_ok());
        assert!(Argon2::default().verify_password(password, &ours).is_ok());
        assert!(Hasher.verify_password(b"another", &theirs).is_err());
    }
}
