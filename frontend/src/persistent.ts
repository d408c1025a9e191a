/* Asks until there is an answer: Home Assistant may still be starting, or the connection may be lost. */

const PAUSE_MS = 2_000;
const TRIES = 60;

export async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tried >= TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
