import { classifyKafkaError } from "../../clients/kafka/classify-error.ts";
import { MillraceError } from "../../core/errors.ts";

/** The first error that no retry can help. Ends everything that listens to `signal`. */
export class Failure {
  readonly #aborter = new AbortController();
  #first: Error | undefined;
  #resolve: (error: Error) => void = () => {};
  /** Resolves with the first error. */
  readonly happened = new Promise<Error>((resolve) => {
    this.#resolve = resolve;
  });

  get first(): Error | undefined {
    return this.#first;
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  fail(error: unknown): void {
    const failed = error instanceof Error ? error : new Error(String(error));
    this.#first ??= failed;
    this.#aborter.abort(failed);
    this.#resolve(failed);
  }

  /** Fails and throws, out of a callback of the Kafka client, which would try again. */
  raise(error: Error): never {
    this.fail(error);
    throw error;
  }

  /** Fails when Kafka says what a person has to mend; false when it may pass. `what`: "read from", "commit to". */
  failIfHopeless(what: string, error: unknown): boolean {
    const { class: errorClass, reason, remedy } = classifyKafkaError(error);
    if (errorClass !== "fatal") return false;
    const text = error instanceof Error ? error.message : String(error);
    this.fail(new MillraceError("E_KAFKA", `Cannot ${what} Kafka: ${text} — ${reason}; ${remedy}`, { cause: error }));
    return true;
  }
}
