/** An app, and the namespace that it belongs to. */
export interface AppName {
	readonly namespace: string;
	readonly app: string;
}

const form = /^spiffe:\/\/([A-Za-z0-9._-]+)\/([A-Za-z0-9._-]+)$/;

/**
 * The identity of an app, as its certificate has it: a SPIFFE ID whose trust domain is the namespace.
 *
 * @example
 * appIdentity({ namespace: "default", app: "shop" }) // spiffe://default/shop
 */
export function appIdentity({ namespace, app }: AppName): string {
	return `spiffe://${namespace}/${app}`;
}

/** Reads the identity of an app; undefined for identities of any other form. */
export function parseAppIdentity(identity: string): AppName | undefined {
	const [, namespace, app] = form.exec(identity) ?? [];
	return namespace === undefined || app === undefined ? undefined : { namespace, app };
}
