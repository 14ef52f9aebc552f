/** How this side proves its identity to an API server, and how that server proves its own. */
export interface ClusterCredentials {
	/** A bearer token; undefined where a certificate proves the identity, or nothing does. */
	readonly token?: string | undefined;
	/** The certificate of this side and its key, as PEM. */
	readonly cert?: string | undefined;
	readonly key?: string | undefined;
	/**
	 * The authorities that the server's certificate is checked against, as PEM. Default: the authorities that Node trusts.
	 */
	readonly ca?: string | undefined;
	/** The name in the server's certificate. Default: the host of its URL. */
	readonly serverName?: string | undefined;
	/** Whether any certificate of the server is accepted. Default: false. */
	readonly isInsecure?: boolean | undefined;
}

/** An API server, and how it is reached. */
export interface Cluster {
	/** The URL of the API server: `https://10.96.0.1:443`. */
	readonly server: string;
	/** The namespace of Kubernetes that is meant where none is named. */
	readonly namespace: string;
	/**
	 * The credentials. Parts that can change, such as the file of a token that Kubernetes rotates, are read again now and
	 * then.
	 *
	 * @param wasRefused whether the server refused the last ones, so that they are read again at once.
	 * @throws ServiceError `failed_precondition` that names the part that cannot be read.
	 */
	credentials(wasRefused: boolean): Promise<ClusterCredentials>;
}
