import { forgetOldest } from "../collections/forget-oldest.ts";
import type { Context } from "../context/context.ts";
import type { ContractDescription } from "../contract/describe.ts";
import type { Method } from "../contract/method.ts";
import { Reflection } from "../contract/reflection.ts";
import { ServiceError, toServiceError } from "../errors/service-error.ts";
import { isContractDescription } from "../reflection/from-description.ts";
import type { CallObserver } from "../transport/observe-calls.ts";
import type { ObservedPeer } from "./observed-peer.ts";

/** How long an instance may take to describe itself, in milliseconds. */
const patienceMs = 2_000;

/** The most descriptions that are kept. The ones that were asked for longest ago are dropped first. */
const maxKnown = 1_000;

/** The descriptions that instances give of their services. One hash stands for one description, asked for once. */
export class Descriptions {
	readonly #known = new Map<string, Promise<ContractDescription>>();

	/**
	 * The description of a service with this hash, from an instance that has it. Without a hash it is asked each time.
	 *
	 * @throws ServiceError when asking failed.
	 */
	of(service: string, hash: string, peer: ObservedPeer, life: Context): Promise<ContractDescription> {
		if (hash === "") return askPeer(service, peer, life);
		const key = `${service} ${hash}`;
		const known = this.#known.get(key);
		if (known !== undefined) return known;
		const asked = askPeer(service, peer, life);
		this.#known.set(key, asked);
		asked.catch(() => this.#known.delete(key));
		if (this.#known.size > maxKnown) forgetOldest(this.#known);
		return asked;
	}
}

/** Asks the process at the address to describe a service, until the life ends. */
async function askPeer(service: string, peer: ObservedPeer, life: Context): Promise<ContractDescription> {
	const description = await ask(Reflection.describe, service, peer, life);
	if (isContractDescription(description) && description.name === service) return description;
	throw new ServiceError({ code: "unknown", message: "the answer is not the description of a service" });
}

/**
 * Asks the process at the address for a service, until the life ends.
 *
 * @returns false where another process answers that does not serve it.
 * @throws ServiceError when no process answers.
 */
export async function isServed(service: string, peer: ObservedPeer, life: Context): Promise<boolean> {
	try {
		await ask(Reflection.identify, service, peer, life);
	} catch (thrown) {
		const error = toServiceError(thrown);
		if (isNotServed(error)) return false;
		if (error.code === "unavailable" || error.code === "deadline_exceeded") throw error;
		// Any other error proves that a process is there.
	}
	return true;
}

/** Whether an error says that another process answers that does not serve the service. */
export function isNotServed({ code, reason }: ServiceError): boolean {
	return code === "not_found" && reason === "no_such_service";
}

async function ask(method: Method, service: string, peer: ObservedPeer, life: Context): Promise<unknown> {
	const { ctx, cancel } = life.withTimeout(patienceMs).withCancel();
	try {
		return await peer.endpoint(method)({ service }, ctx, nobody);
	} finally {
		cancel();
	}
}

/** Asking is not a call of the service, so no balancer measures it. */
const nobody: CallObserver = { onBegin() {}, onEnd() {} };
