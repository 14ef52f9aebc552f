import { type Gateway, gateway } from "@allium/gateway";
import { type Adapters, type Environment, textLogger } from "@allium/node";

/** The options of the gateway that runs beside the services. */
export interface DevGatewayOptions {
	/** On 127.0.0.1. */
	readonly port: number;
	readonly registry: string | undefined;
	readonly namespace: string | undefined;
	readonly adapters: Adapters;
	readonly env: Environment;
	/** Takes the lines that it logs. */
	readonly onLine: (line: string) => void;
	/** Reports what happens to it. */
	readonly say: (text: string) => void;
}

/** How long calls in flight may take when it stops, in milliseconds: only the developer waits for them. */
const gracePeriodMs = 2_000;

/** The gateway of `allium dev`. The services run without it when it cannot start. */
export class DevGateway {
	readonly #options: DevGatewayOptions;
	#gateway: Gateway | undefined;

	constructor(options: DevGatewayOptions) {
		this.#options = options;
	}

	/** Starts it; says where it is, or why it is not. */
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
