import type { Guard, Logger, Middleware } from "@allium/core";
import type { Credentials, MetricsSource, PortProtocol, ProcessOptions, ServerLimits } from "@allium/node";

/** Tells what to present, whenever that is needed. */
export type CredentialsSource = () => Credentials | Promise<Credentials>;

/** What a gateway is made with; what is not given comes from the environment, or has a default. */
export interface GatewayOptions extends Omit<ProcessOptions, "zone" | "labels" | "waitForReady"> {
	/** The port to listen on. Default: `PORT`, or that of `ALLIUM_LISTEN`, else 8080. */
	readonly port?: number;
	/** The interface to listen on. Default: that of `ALLIUM_LISTEN`, else 127.0.0.1. */
	readonly host?: string;
	/**
	 * What strangers may call: names of services, or `service/method`. Default: everything, for callers on this
	 * machine alone; on an address that others can reach, the gateway refuses to start without it.
	 */
	readonly expose?: readonly string[];
	/**
	 * The hosts by which it may be called, beside its own: `api.example.com`, `*.example.com` for all names below it,
	 * `*` for all. Default: those of `ALLIUM_HOSTS`; without them all, but on a loopback address only `localhost`,
	 * `*.localhost`, `127.*` and `[::1]`.
	 */
	readonly hosts?: readonly string[];
	/**
	 * Lets calls in or not, before their bodies are read; requests to the operations routes and the gateway's pages,
	 * too, where `describeGuard` says so. It sees no metadata that is ours alone.
	 */
	readonly guard?: Guard;
	/**
	 * What the gateway presents to services whose guards ask for it before they describe themselves; a function where
	 * it changes. Calls go with what their callers sent. Default: `ALLIUM_CREDENTIALS`.
	 */
	readonly credentials?: Credentials | CredentialsSource;
	/**
	 * Wraps every method, outermost first; it gets messages decoded. Default: `serverDefaults()`, which is tracing and
	 * metrics. Without middleware of yours, the gateway hands JSON on without decoding it.
	 */
	readonly middleware?: readonly Middleware[];
	/** What `/metrics` answers, such as `telemetry.prometheus` of `@allium/telemetry`. Default: 404. */
	readonly metrics?: MetricsSource;
	/** Which headers of a request travel on to the service, by name. Default: all but cookies. */
	readonly forward?: (name: string) => boolean;
	/** The origins whose pages may call, such as `https://app.example.com`, or `*` for all. Default: none. */
	readonly cors?: readonly string[];
	/** Protocols over HTTP on the port, beside Connect, REST, event streams and the operations routes. Default: none. */
	readonly protocols?: readonly PortProtocol[];
	/** Web services by the path under which they appear: `{ "/app": "http://127.0.0.1:3000" }`. */
	readonly proxy?: Readonly<Record<string, string>>;
	/** From how many bytes on an answer is compressed, for clients that take it; Infinity for never. Default: 1 KiB. */
	readonly compressFromBytes?: number;
	/** How long a call may take whose caller said nothing, in milliseconds. Default: 10 s. */
	readonly timeoutMs?: number;
	/** Bounds, `messageBytes` for the body among them. */
	readonly limits?: Partial<ServerLimits>;
	/** Gets a line for each request, too. Default: lines on standard output. */
	readonly logger?: Logger;
}

/** Where a gateway listens that was told nothing. */
export const defaultPort = 8080;
export const defaultHost = "127.0.0.1";
