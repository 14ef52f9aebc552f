/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable; undefined when it is not set, or is empty. */
export function variable(env: Environment, name: string): string | undefined {
	const text = env[name];
	return text === "" ? undefined : text;
}
