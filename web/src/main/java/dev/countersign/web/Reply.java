package dev.countersign.web;

/**
 * What a request that worked is answered with.
 *
 * @param isReplay whether nothing was done, as the same request had been answered before
 */
record Reply(byte[] json, boolean isReplay) {

    static Reply created(byte[] json) {
        return new Reply(json, false);
    }

    int status() {
        return isReplay ? 200 : 201;
    }
}
