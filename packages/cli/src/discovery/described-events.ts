import { Context, type ContractDescription, instanceIdentity } from "@allium/core";
import { type Asking, describeAccepted, httpUrl, httpUrlOf } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { CommandError } from "../command/command-error.ts";
import { askingOf } from "./credentials.ts";
import { describedService } from "./described-service.ts";
import { Directory } from "./directory.ts";

/**
 * Finds the contract of events at `--url`, or else in the registry: a service describes it, or an app that takes its
 * events over HTTP.
 *
 * @throws CommandError as {@link describedService}, if nobody describes it.
 */
export async function describedEvents(
	contract: string,
	words: Words,
	surroundings: Surroundings,
): Promise<ContractDescription> {
	try {
		const found = await describedService(contract, words, surroundings);
		await found.close();
		return found.description;
	} catch (error) {
		if (!(error instanceof CommandError) || error.code !== "not_found") throw error;
		const accepted = await acceptedContract(contract, words, surroundings);
		if (accepted === undefined) throw error;
		return accepted;
	}
}

/** The contract as the first app describes it that takes its events. Undefined if there is none. */
async function acceptedContract(
	contract: string,
	words: Words,
	surroundings: Surroundings,
): Promise<ContractDescription | undefined> {
	const asking = askingOf(words, surroundings);
	const url = words.value("url");
	const places =
		url === undefined ? await addresses(asking, words, surroundings) : [{ url: httpUrl(url), asking }];
	const { ctx, cancel } = Context.background().withCancel();
	try {
		return await Promise.any(
			places.map(async ({ url, asking }) => {
				const description = await describeAccepted(url, contract, ctx, asking);
				if (description === undefined) throw new Error(`${url} does not take events of ${contract}`);
				return description;
			}),
		);
	} catch {
		return undefined;
	} finally {
		cancel();
	}
}

/** Where the instances of the namespace speak HTTP, and how each is asked. */
async function addresses(
	asking: Asking,
	words: Words,
	surroundings: Surroundings,
): Promise<{ readonly url: string; readonly asking: Asking }[]> {
	const directory = await Directory.open(words, surroundings);
	try {
		const instances = await directory.instances();
		return instances.flatMap((instance) => {
			const url = instance.foreign === true ? undefined : httpUrlOf(instance.addresses);
			return url === undefined ? [] : [{ url, asking: { ...asking, identity: instanceIdentity(instance) } }];
		});
	} finally {
		await directory.close();
	}
}
