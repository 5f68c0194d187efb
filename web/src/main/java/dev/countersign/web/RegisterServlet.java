package dev.countersign.web;

import dev.countersign.core.ClientId;
import dev.countersign.core.Registry;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.CompletableFuture;

/** {@code POST /register {"id":"alice"}}: gives the id its code; with the same {@code Idempotency-Key}, a new one. */
final class RegisterServlet extends PostServlet {

    private static final long serialVersionUID = 1;

    /** Whoever knows the key can replace the code for an hour: it must not be one that others hit upon. */
    private static final int MIN_KEY_LENGTH = 16;

    private final transient Registry registry;

    RegisterServlet(Intake intake, Registry registry) {
        super(intake);
        this.registry = registry;
    }

    @Override
    CompletableFuture<Reply> answer(HttpServletRequest request, byte[] body) {
        ClientId id = RequestBody.registration(body);
        return registry.register(id, IdempotencyKey.of(request, MIN_KEY_LENGTH))
                .toCompletableFuture()
                .thenApply(code -> Reply.code(id, code.orElseThrow(() -> new RefusalException(Problem.ID_TAKEN))));
    }
}
