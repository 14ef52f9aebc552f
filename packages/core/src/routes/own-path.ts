const ownPath = /^\/(?:-|healthz|readyz|metrics)(?:\/|$)/;

/** Whether a path is the server's own, whatever else is served: `/-/…`, `/healthz`, `/readyz`, `/metrics`. */
export function isOwnPath(path: string): boolean {
	return ownPath.test(path);
}
