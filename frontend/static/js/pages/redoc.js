// ReDoc from our own files. Its search runs in a worker made from a blob, which our content policy does not allow.
const root = document.getElementById("docs");

globalThis.Redoc.init(root.dataset.openapi, { disableSearch: true, hideDownloadButton: false, nativeScrollbars: true }, root);
