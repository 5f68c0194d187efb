package dev.countersign.client;

/**
 * The request went out and no answer that can be understood came back.
 *
 * <p>A message may or may not be in the log: sent again, it may stand there twice. A registration may or may not have
 * taken the id: its code, if any, is lost.
 */
public final class UnknownFateException extends CountersignException {

    private static final long serialVersionUID = 1;

    UnknownFateException(String message, Throwable cause) {
        super(message, cause);
    }
}
