import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, checkDuration, type Timer } from "@allium/core/transport";
import { addUp, type Direction, type FaultRule, type Faults } from "./fault-rule.ts";
import { type Cut, SocketPair } from "./socket-pair.ts";

/** The options of `faultProxy`. */
export interface FaultProxyOptions {
	/** The server: `127.0.0.1:4222`, or a URL such as `nats://127.0.0.1:4222`. */
	readonly target: string;
	/** Where the proxy listens. Default: `127.0.0.1`. */
	readonly host?: string;
	/** Default: a free port. */
	readonly port?: number;
}

/** A rule that is in force. */
export interface Fault {
	/** Ends the rule. A second call has no further effect. */
	remove(): void;
}

/**
 * Starts a proxy in front of a TCP server. Without rules it passes everything on unchanged.
 *
 * @throws TypeError for a target without a port. RangeError for durations, rates and probabilities that are none.
 *
 * @example
 * await using proxy = await faultProxy({ target: "nats://127.0.0.1:4222" });
 * const registry = await nats.registry(proxy.url);
 * proxy.add({ fault: "delay", delayMs: 200, jitterMs: 100 });
 * proxy.add({ fault: "stall", direction: "downstream", forMs: 5_000 });
 * proxy.cut("reset");
 */
export function faultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
	return FaultProxy.start(options);
}

/** Stands between clients and a server on TCP, and disturbs their connections as networks do. */
export class FaultProxy implements AsyncDisposable {
	/** How many connections have arrived. */
	connections = 0;
	/** How many bytes have been passed on. */
	readonly bytes: Record<Direction, number> = { upstream: 0, downstream: 0 };
	readonly #server: Server;
	readonly #target: string;
	readonly #address: { readonly host: string; readonly port: number };
	readonly #pairs = new Set<SocketPair>();
	readonly #rules = new Set<ActiveRule>();

	private constructor(target: string) {
		this.#target = target;
		this.#address = addressOf(target);
		this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
			this.#accept(socket),
		);
	}

	/** @internal See {@link faultProxy}. */
	static async start({ target, host = "127.0.0.1", port = 0 }: FaultProxyOptions): Promise<FaultProxy> {
		const proxy = new FaultProxy(target);
		proxy.#server.listen(port, host);
		await once(proxy.#server, "listening");
		return proxy;
	}

	/** The host and port at which the proxy listens. */
	get address(): string {
		const address = this.#server.address();
		if (typeof address !== "object" || address === null) throw new Error("the proxy is closed");
		return address.family === "IPv6"
			? `[${address.address}]:${address.port}`
			: `${address.address}:${address.port}`;
	}

	/** The target through this proxy: the same URL with another host and port. */
	get url(): string {
		const [scheme, rest] = this.#target.split(/:\/\/(.*)/s);
		if (rest === undefined) return this.address;
		const [, user = "", path = ""] = /^([^/?#]*@)?[^/?#]*(.*)$/s.exec(rest) ?? [];
		return `${scheme}://${user}${this.address}${path}`;
	}

	/** How many connections are open. */
	get open(): number {
		return this.#pairs.size;
	}

	/** Puts a rule in force. The effects of several rules add up. */
	add(rule: FaultRule): Fault {
		check(rule);
		const active = new ActiveRule(rule, this.connections);
		this.#rules.add(active);
		const remove = (): void => {
			active.timer?.stop();
			if (this.#rules.delete(active)) this.#changed();
		};
		active.timer = after(rule.forMs ?? Number.POSITIVE_INFINITY, remove);
		this.#changed();
		return { remove };
	}

	/** Removes all rules. */
	heal(): void {
		for (const { timer } of this.#rules) timer?.stop();
		this.#rules.clear();
		this.#changed();
	}

	/**
	 * Ends the current connections: `"end"` as when a process ends, `"reset"` as when a host has forgotten them.
	 *
	 * @param side Whose connections are ended. If it is one side, the other believes that its connections are up; they
	 * carry nothing more. Default: both.
	 */
	cut(how: Cut = "end", side: "both" | "client" | "server" = "both"): void {
		for (const pair of [...this.#pairs]) pair.cut(how, side);
	}

	/** Ends all connections and rules, and stops listening. */
	async close(): Promise<void> {
		this.heal();
		this.cut();
		if (this.#server.listening) this.#server.close();
		await Promise.all(Array.from(this.#pairs, ({ closed }) => closed));
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#accept(client: Socket): void {
		const id = ++this.connections;
		const rules = (): FaultRule[] => this.#rulesOf(id);
		if (rules().some(({ fault }) => fault === "refuse")) {
			client.resetAndDestroy();
			return;
		}
		const faults = (direction: Direction, luck: number): Faults =>
			addUp(
				rules().filter((rule) => (rule.direction ?? direction) === direction),
				luck,
			);
		const pair = new SocketPair({
			client,
			dial: () => connect({ ...this.#address, allowHalfOpen: true }),
			faults,
			onPassed: (direction, bytes) => {
				this.bytes[direction] += bytes;
			},
		});
		this.#pairs.add(pair);
		void pair.closed.then(() => this.#pairs.delete(pair));
	}

	#rulesOf(id: number): FaultRule[] {
		return Array.from(this.#rules)
			.filter((active) => active.concerns(id))
			.map(({ rule }) => rule);
	}

	#changed(): void {
		for (const pair of this.#pairs) pair.changed();
	}
}

class ActiveRule {
	readonly rule: FaultRule;
	timer: Timer | undefined;
	/** How many connections had arrived when the rule was added. */
	readonly #before: number;

	constructor(rule: FaultRule, before: number) {
		this.rule = rule;
		this.#before = before;
	}

	concerns(id: number): boolean {
		const { connections = "all" } = this.rule;
		return connections === "all" || (connections === "current") === id <= this.#before;
	}
}

function check(rule: FaultRule): void {
	if (rule.forMs !== undefined) checkDuration("forMs of a fault", rule.forMs);
	if (rule.fault === "delay") {
		checkDuration("delayMs of a fault", rule.delayMs);
		checkDuration("jitterMs of a fault", rule.jitterMs ?? 0);
	} else if (rule.fault === "limit" && !(rule.bytesPerSecond > 0)) {
		throw new RangeError(`a limit takes bytesPerSecond above 0; it was given ${rule.bytesPerSecond}`);
	} else if (rule.fault === "corrupt" && !((rule.probability ?? 1) >= 0 && (rule.probability ?? 1) <= 1)) {
		throw new RangeError(`corruption takes a probability from 0 to 1; it was given ${rule.probability}`);
	}
}

const usualPorts: Readonly<Record<string, number>> = { "http:": 80, "ws:": 80, "https:": 443, "wss:": 443 };

/** The host and port of a target. */
function addressOf(target: string): { host: string; port: number } {
	const { protocol, hostname, port } = new URL(target.includes("://") ? target : `tcp://${target}`);
	const number = port === "" ? usualPorts[protocol] : Number(port);
	if (number === undefined || hostname === "") {
		throw new TypeError(`"${target}" names no host and port: write 127.0.0.1:4222 or nats://127.0.0.1:4222`);
	}
	return { host: hostname.replace(/^\[|\]$/g, ""), port: number };
}
