import { isServiceError } from "@allium/core";
import { deadlineExceeded, isPlainDeadline } from "@allium/core/transport";

/** How long a part of a process may take to begin, in milliseconds: a busy backend may take long. */
export const beginTimeoutMs = 60_000;

/**
 * Waits until something has begun.
 *
 * @param what For the message of a deadline that was exceeded, such as `the registration`.
 */
export async function begin<Result>(what: string, beginning: Promise<Result> | Result): Promise<Result> {
	try {
		return await beginning;
	} catch (error) {
		if (!isServiceError(error) || !isPlainDeadline(error)) throw error;
		throw deadlineExceeded(`${what} did not begin within ${beginTimeoutMs / 1_000} seconds`);
	}
}
