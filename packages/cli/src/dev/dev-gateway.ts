import { type Gateway, gateway } from "@allium/gateway";
import { type Adapters, type Environment, textLogger } from "@allium/node";

/** The options of the gateway that runs beside the services. */
export interface DevGatewayOptions {
	/** The port on 127.0.0.1. */
	readonly port: number;
	readonly registry: string | undefined;
	readonly namespace: string | undefined;
	readonly adapters: Adapters;
	readonly env: Environment;
	/** Receives the gateway's log lines. */
	readonly onLine: (line: string) => void;
	/** Reports the gateway's state. */
	readonly say: (text: string) => void;
}

/**
 * How long calls in flight may take when the gateway stops, in milliseconds. It is short because only the developer
 * waits.
 */
const gracePeriodMs = 2_000;

/** The gateway of `allium dev`. The services run without it if it cannot start. */
export class DevGateway {
	readonly #options: DevGatewayOptions;
	#gateway: Gateway | undefined;

	constructor(options: DevGatewayOptions) {
		this.#options = options;
	}

	/** Starts the gateway. Reports where it is, or why it could not start. */
	async start(): Promise<void> {
		const { port, registry, namespace, adapters, env, onLine, say } = this.#options;
		const { PORT: _port, ALLIUM_LISTEN: _listen, ALLIUM_ADVERTISE: _advertise, ...others } = env;
		try {
			this.#gateway = gateway({
				host: "127.0.0.1",
				port,
				...(registry !== undefined && { registry }),
				...(namespace !== undefined && { namespace }),
				adapters,
				env: others,
				drainDelayMs: 0,
				gracePeriodMs,
				logger: textLogger({ write: (text) => onLine(text.trimEnd()) }),
			});
			await this.#gateway.start();
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			say(`no gateway: ${reason}; --gateway takes another port, --no-gateway leaves it out`);
		}
	}

	async stop(): Promise<void> {
		await this.#gateway?.stop();
	}
}
