//! Prepares the page: joins its modules into one script, removes comments, and compresses the script
//! with Brotli, which takes too long when the program starts.

#![expect(clippy::print_stdout, reason = "Cargo reads the lines")]

mod bundle;
mod compact;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;

/// The folder of the page.
const VIEWER: &str = "src/viewer";
/// The files that are copied into the page: the script before the first paint, and the style.
const EARLY: [&str; 2] = ["early.js", "viewer.css"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={VIEWER}");
    println!("cargo::rerun-if-changed=build");
    let viewer = Path::new(VIEWER);
    let output = PathBuf::from(std::env::var("OUT_DIR")?);
    for name in EARLY {
        fs::write(output.join(name), compact::compact(&fs::read_to_string(viewer.join(name))?))?;
    }
    let modules = read_modules(viewer)?;
    let texts: Vec<_> = modules.iter().map(|(name, text)| (&**name, &**text)).collect();
    let script = bundle::bundle(&texts);
    let (mut compressed, best) = (Vec::new(), BrotliEncoderParams::default());
    brotli::BrotliCompress(&mut script.as_bytes(), &mut compressed, &best)?;
    fs::write(output.join("app.js"), script)?;
    fs::write(output.join("app.js.br"), compressed)?;
    Ok(())
}

/// Returns the name and the text of each module, in the order of their names.
fn read_modules(folder: &Path) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let is_module = path.extension().is_some_and(|extension| extension == "js");
        if is_module && !EARLY.contains(&&*name) {
            modules.push((name, fs::read_to_string(path)?));
        }
    }
    modules.sort();
    Ok(modules)
}
