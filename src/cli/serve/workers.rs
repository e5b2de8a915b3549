//! The threads that execute queries. Requests are read, answered from memory and refused on others, which the system lets run as
//! soon as something comes, whatever is being worked on here.

use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    cli::STACK_BYTES,
    error::{Error, Result},
};

/// One thread for each core, until this goes.
pub(super) struct Workers {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Workers {
    pub(super) fn begin() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("kindling-work")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(Error::internal)?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// What gives them work.
    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
