import type { Context } from "../context/context.ts";
import type { ContractDescription } from "../contract/describe.ts";
import { type ServiceError, toServiceError } from "../errors/service-error.ts";
import { type Descriptions, isNotServed } from "./descriptions.ts";
import type { Member } from "./member.ts";

/** How long a member that did not describe itself is not asked again, in milliseconds. */
const askAgainMs = 5_000;

/** Options of {@link AskedMembers}. */
export interface AskedMembersOptions {
	readonly service: string;
	readonly descriptions: Descriptions;
	/** Its end also ends the requests to members. */
	readonly ctx: Context;
	/** Called when a member has described itself. */
	readonly onDescribed: () => void;
}

/** Asks members which methods they have. */
export class AskedMembers {
	readonly #options: AskedMembersOptions;
	readonly #asking = new Set<Promise<void>>();

	constructor(options: AskedMembersOptions) {
		this.#options = options;
	}

	/** Resolves when all that were asked have answered; undefined while none is asked. */
	get answered(): Promise<unknown> | undefined {
		return this.#asking.size === 0 ? undefined : Promise.all(this.#asking);
	}

	/** Asks a member, unless it was asked a moment ago. */
	ask(member: Member): void {
		const now = performance.now();
		if (now < member.askAt) return;
		member.askAt = now + askAgainMs;
		const { service, descriptions, ctx } = this.#options;
		const asked = descriptions.of(service, member.hash, member.peer, ctx);
		const asking = asked
			.then(
				(description) => this.#describe(member, description),
				(error) => this.#notDescribed(member, toServiceError(error)),
			)
			.finally(() => this.#asking.delete(asking));
		this.#asking.add(asking);
	}

	#describe(member: Member, description: Pick<ContractDescription, "methods">): void {
		member.description = description;
		this.#options.onDescribed();
	}

	/** A member that does not describe itself may have any method, unless it does not know the service. */
	#notDescribed(member: Member, error: ServiceError): void {
		if (isNotServed(error)) this.#describe(member, { methods: {} });
		// The call of another client that was closed meanwhile says nothing.
		else if (error.code === "canceled") member.askAt = 0;
	}
}
