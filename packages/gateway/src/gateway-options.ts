import type { Guard, Logger, Middleware } from "@allium/core";
import type { Credentials, ProcessOptions, ServerLimits } from "@allium/node";

/** Returns the credentials, whenever they are needed. */
export type CredentialsSource = () => Credentials | Promise<Credentials>;

/** The options of a gateway. An option that is missing comes from the environment, or has a default. */
export interface GatewayOptions extends Omit<ProcessOptions, "zone" | "labels" | "waitForReady"> {
	/** The port to listen on. Default: `PORT`, or that of `ALLIUM_LISTEN`, else 8080. */
	readonly port?: number;
	/** The interface to listen on. Default: that of `ALLIUM_LISTEN`, else 127.0.0.1. */
	readonly host?: string;
	/**
	 * The services, or methods as `service/method`, that callers outside of the system may call. Default: everything, for
	 * callers on this machine alone. On an address that others can reach, the gateway refuses to start without this
	 * option.
	 */
	readonly expose?: readonly string[];
	/**
	 * The hosts by which it may be called, besides its own: `api.example.com`, `*.example.com` for all names below it,
	 * `*` for all. Default: those of `ALLIUM_HOSTS`. Without that variable all hosts are allowed, but on a loopback
	 * address only `localhost`, `*.localhost`, `127.*` and `[::1]`.
	 */
	readonly hosts?: readonly string[];
	/**
	 * Decides whether a call is let in, before its body is read. It also decides about requests to the operations
	 * routes and the gateway's pages when `describeGuard` says so. It sees no internal metadata.
	 */
	readonly guard?: Guard;
	/**
	 * The credentials for services whose guards ask for them before the services describe themselves; a function if they
	 * change. Calls carry the credentials of their callers instead. Default: `ALLIUM_CREDENTIALS`.
	 */
	readonly credentials?: Credentials | CredentialsSource;
	/**
	 * Wraps every method, outermost first, with decoded messages. Default: `serverDefaults()`, which is tracing and
	 * metrics. Without this option, the gateway passes JSON on without decoding it.
	 */
	readonly middleware?: readonly Middleware[];
	/** Which headers of a request travel on to the service, by name. Default: all but cookies. */
	readonly forward?: (name: string) => boolean;
	/** The origins whose pages may call, such as `https://app.example.com`, or `*` for all. Default: none. */
	readonly cors?: readonly string[];
	/**
	 * Web services by the path under which they appear: `{ "/app": "http://127.0.0.1:3000" }`, or a service of the
	 * registry, whose instances take turns: `{ "/pay": "service:payments" }`.
	 */
	readonly proxy?: Readonly<Record<string, string>>;
	/**
	 * The size from which an answer is compressed for clients that accept that, in bytes; Infinity for never. Default:
	 * 1 KiB.
	 */
	readonly compressFromBytes?: number;
	/** How long a call may take when its caller gives no limit, in milliseconds. Default: 10 s. */
	readonly timeoutMs?: number;
	/** The bounds; `messageBytes` limits the body, among others. */
	readonly limits?: Partial<ServerLimits>;
	/** The log. It also gets a line for each request. Default: lines on standard output. */
	readonly logger?: Logger;
}

/** The default port of a gateway. */
export const defaultPort = 8080;
export const defaultHost = "127.0.0.1";
