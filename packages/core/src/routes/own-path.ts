const ownPath = /^\/(?:-|healthz|readyz|metrics)(?:\/|$)/;

/** Whether a path always belongs to the server itself: `/-/…`, `/healthz`, `/readyz`, `/metrics`. */
export function isOwnPath(path: string): boolean {
	return ownPath.test(path);
}
