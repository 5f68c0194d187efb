package dev.countersign.web.intake;

import dev.countersign.core.ClientId;
import dev.countersign.core.Registry;
import dev.countersign.web.http.Problem;
import dev.countersign.web.intake.QuotaSettings.Registering;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.CompletableFuture;

/** {@code POST /register {"id":"alice"}}: gives the id its code; with the same {@code Idempotency-Key}, a new one. */
public final class RegisterServlet extends PostServlet {

    private static final long serialVersionUID = 1;

    /** Whoever knows the key can replace the code for an hour, so it must be hard to guess. */
    private static final int MIN_KEY_LENGTH = 16;

    private final transient Registry registry;
    private final Registering registrations;

    public RegisterServlet(Intake intake, Registry registry, Registering registrations) {
        super(intake);
        this.registry = registry;
        this.registrations = registrations;
    }

    @Override
    void checkMediaType(HttpServletRequest request) {
        if (registrations == Registering.CLOSED) {
            throw new RefusalException(
                    Problem.NOT_FOUND, "Nobody can register here: ask the server's operator for an id and its code.");
        }
        super.checkMediaType(request);
    }

    @Override
    CompletableFuture<Reply> process(HttpServletRequest request, byte[] body) {
        ClientId id = RequestBody.registration(body);
        return registry.register(id, key(request, MIN_KEY_LENGTH))
                .toCompletableFuture()
                .thenApply(code -> Reply.code(id, code.orElseThrow(() -> new RefusalException(Problem.ID_TAKEN))));
    }
}
