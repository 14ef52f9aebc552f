/** The call that an error belongs to, and the instance that was called. For the local log; it never leaves the process. */
export interface Callee {
	/** The method that was called: `service/method`. */
	readonly method: string;
	/** Whether the callee answered with the error. False when the error arose on the way there, or here. */
	readonly answered: boolean;
	/** The id of the instance that was tried last; undefined when none was. */
	readonly instance?: string | undefined;
	/** The address of that instance; undefined when it is no longer known. */
	readonly address?: string | undefined;
}
