//! The paths of a site.

use super::trust::Content;
use super::{Asset, Site};

/// The paths that every site has beside that of the event stream.
pub(super) const DOCUMENTS: [(&str, Route<'static>); 4] = [
    ("/sources", Route::Sources),
    ("/metrics", Route::Metrics),
    ("/healthz", Route::Health),
    ("/openapi.json", Route::Description),
];

/// A path at which a site answers.
#[derive(Clone, Copy)]
pub(super) enum Route<'a> {
    /// The web page.
    Page(&'a Asset),
    /// The path of the page without its slash, to which the links on the page are relative.
    PageWithoutSlash,
    /// A file that the page loads.
    PageFile(&'static Asset),
    /// The description of the page as an app that can be installed.
    Manifest,
    /// The event stream.
    Events,
    /// The state of each source as JSON.
    Sources,
    /// Figures for Prometheus.
    Metrics,
    /// The description of all this for programs.
    Description,
    /// The health check, which needs no password, no token and no accepted host.
    Health,
}

impl Route<'_> {
    /// Returns the content, on which the checks of `Host` and origin depend.
    pub(super) fn content(&self) -> Content {
        match self {
            Route::Page(_) | Route::PageWithoutSlash => Content::Page,
            Route::PageFile(_) | Route::Manifest => Content::PageFile,
            Route::Events | Route::Sources | Route::Metrics | Route::Description => Content::Logs,
            Route::Health => Content::Health,
        }
    }
}

impl Site {
    /// Finds the route of `path`; none where there is nothing.
    pub(super) fn route(&self, path: &str) -> Option<Route<'_>> {
        let path = path.strip_prefix(&*self.prefix)?;
        if path.strip_suffix('/').unwrap_or(path) == self.endpoint {
            return Some(Route::Events);
        }
        if let Some(page) = &self.viewer {
            match path.strip_prefix("/viewer/") {
                Some(file) => return Asset::beside(file).map(Route::PageFile),
                None if path == "/" => return Some(Route::Page(page)),
                None if path == "/manifest.webmanifest" => return Some(Route::Manifest),
                None if path.is_empty() => return Some(Route::PageWithoutSlash),
                None => {}
            }
        }
        DOCUMENTS.into_iter().find(|(known, _)| *known == path).map(|(_, route)| route)
    }
}
