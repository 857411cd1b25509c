// What is remembered for this tab, or for good: by the browser, or, where it may keep nothing, while the page is open.

const own = new Map();

const memory = storage => ({
  get(key) {
    if (own.has(key)) return own.get(key);
    try {
      return storage().getItem(key);
    } catch {
      return null;
    }
  },
  /** Null forgets it. */
  set(key, text) {
    own.set(key, text);
    try {
      text === null ? storage().removeItem(key) : storage().setItem(key, text);
    } catch {
      // Then it is remembered here alone.
    }
  },
});

export const tab = memory(() => sessionStorage);
export const always = memory(() => localStorage);
