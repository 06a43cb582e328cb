//! Read buffers that are used again once the last line in them is gone.

use bytes::Bytes;
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;

/// Bytes that are read at once.
pub(super) const CHUNK_BYTES: usize = 128 * 1024;

/// Buffers kept for the next reads at the most.
const MAX_FREE: usize = 16;

/// Where buffers come from. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Buffers {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Buffers {
    /// Reads with a function that fills a part of the buffer and says how much.
    ///
    /// # Errors
    /// What the function says.
    pub(super) fn read(
        &self,
        size: usize,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<Bytes> {
        let mut bytes = match size {
            CHUNK_BYTES => self.free.lock().pop(),
            _ => None,
        }
        .unwrap_or_else(|| vec![0; size]);
        let filled = match read(&mut bytes) {
            Ok(filled) => filled.min(bytes.len()),
            Err(error) => {
                self.put_back(bytes);
                return Err(error);
            }
        };
        if filled <= size / 2 {
            // A few lines must not hold a whole buffer for as long as they wait.
            let copy = Bytes::copy_from_slice(bytes.get(..filled).unwrap_or_default());
            self.put_back(bytes);
            return Ok(copy);
        }
        Ok(Bytes::from_owner(Filled {
            bytes,
            filled,
            home: self.clone(),
        }))
    }

    /// Frees what is not in use.
    pub(super) fn shrink(&self) {
        *self.free.lock() = Vec::new();
    }

    fn put_back(&self, bytes: Vec<u8>) {
        let mut free = self.free.lock();
        if bytes.len() == CHUNK_BYTES && free.len() < MAX_FREE {
            free.push(bytes);
        }
    }
}

/// A buffer in use.
struct Filled {
    bytes: Vec<u8>,
    filled: usize,
    home: Buffers,
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        self.home.put_back(std::mem::take(&mut self.bytes));
    }
}
