//! Credentials that requests must have.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::AccessArgs;
use crate::failure::Failure;
use crate::http::{Access, Listeners, Secret};

/// Credentials that the flags name.
#[derive(Debug)]
pub(crate) struct AccessSettings {
    basic: Option<Secret>,
    token: TokenSource,
    /// Admit every client, even when other machines can connect.
    is_open: bool,
}

#[derive(Debug)]
enum TokenSource {
    Missing,
    Given(Secret),
    File(PathBuf),
}

impl AccessSettings {
    /// Checks the syntax of the credentials.
    pub(super) fn new(args: &AccessArgs) -> Result<Self, Failure> {
        access(args.auth.clone(), args.token.clone())?;
        let token = match (&args.token_file, &args.token) {
            (Some(file), _) => TokenSource::File(file.clone()),
            (None, Some(token)) => TokenSource::Given(token.clone()),
            (None, None) => TokenSource::Missing,
        };
        Ok(AccessSettings { basic: args.auth.clone(), token, is_open: args.no_auth })
    }

    /// Reads the token file, if there is one; fails if it holds no valid token.
    pub(crate) fn load(&self) -> Result<Access, Failure> {
        let token = match &self.token {
            TokenSource::Missing => None,
            TokenSource::Given(token) => Some(token.clone()),
            TokenSource::File(file) => Some(read_token(file)?),
        };
        access(self.basic.clone(), token)
    }

    /// Generates the token that is required when other machines can connect and neither
    /// credentials nor `--no-auth` were given.
    pub(crate) fn generate_token(
        &self,
        access: &Access,
        listeners: &Listeners,
    ) -> anyhow::Result<Option<Secret>> {
        let is_required = !self.is_open && access.is_open() && listeners.are_beyond_loopback();
        is_required.then(Secret::generate).transpose().context("the kernel has no random numbers")
    }
}

fn access(basic: Option<Secret>, token: Option<Secret>) -> Result<Access, Failure> {
    Access::new(basic, token).map_err(|sentence| Failure::Usage(sentence.to_owned()))
}

fn read_token(file: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the token in {}", file.display()))?;
    anyhow::ensure!(!text.trim().is_empty(), "the token file {} is empty", file.display());
    Ok(Secret::from(text.trim().to_owned()))
}
