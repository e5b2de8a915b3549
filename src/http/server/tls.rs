//! TLS: the certificate and its key from two files, which may change while the server runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    signal::unix::{SignalKind, signal},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

use super::stopping::Stopping;
use crate::{
    config::Config,
    error::{Error, Result},
};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What a connection is encrypted with.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// The pair that the settings name, if they name one.
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
            return Ok(None);
        };
        let current = load(certificate, key).map_err(|error| {
            Error::internal(format!("{error}; correct tls_certificate and tls_key"))
        })?;
        Ok(Some(Self {
            certificate: certificate.clone(),
            key: key.clone(),
            current: RwLock::new(Arc::new(current)),
        }))
    }

    /// The stream inside of a connection. It keeps the certificate that it began with.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.current()).accept(stream).await
    }

    fn current(&self) -> Arc<ServerConfig> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Takes a new pair into use when the files change, or on SIGHUP, until the server stops.
    pub(super) async fn renew(self: Arc<Self>, stopping: Stopping) {
        let mut known = self.state_of_files();
        let mut asked = signal(SignalKind::hangup()).ok();
        let mut stopped = std::pin::pin!(stopping.draining());
        loop {
            let is_asked = async {
                match &mut asked {
                    Some(asked) => asked.recv().await,
                    None => std::future::pending().await,
                }
            };
            let is_asked = tokio::select! {
                () = &mut stopped => return,
                asked = is_asked => asked.is_some(),
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let now = self.state_of_files();
            if is_asked || now != known {
                known = now;
                self.load();
            }
        }
    }

    fn load(&self) {
        match load(&self.certificate, &self.key) {
            Ok(new) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!("new connections use the new certificate");
            }
            Err(error) => {
                tracing::error!(%error, "the new certificate is no good; the one before stays in use");
            }
        }
    }

    /// What tells whether the files have changed.
    fn state_of_files(&self) -> Vec<Option<(std::time::SystemTime, u64)>> {
        let state = |path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        vec![state(&self.certificate), state(&self.key)]
    }
}

fn load(certificate: &Path, key: &Path) -> Result<ServerConfig, String> {
    let in_file = |path: &Path| {
        let path = path.display().to_string();
        move |error| format!("{path}: {error}")
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(in_file(certificate))?;
    if chain.is_empty() {
        return Err(format!(
            "{}: there is no certificate",
            certificate.display()
        ));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(in_file(key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| format!("certificate and key: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
