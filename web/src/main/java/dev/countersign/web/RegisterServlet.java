package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Registry;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.CompletableFuture;

/** {@code POST /register {"id":"alice"}}: gives the id its code. */
final class RegisterServlet extends PostServlet {

    private static final long serialVersionUID = 1;

    private final transient Registry registry;

    RegisterServlet(Intake intake, Registry registry) {
        super(intake);
        this.registry = registry;
    }

    @Override
    CompletableFuture<Reply> answer(HttpServletRequest request, byte[] body) {
        ClientId id = RequestBody.registration(body).id();
        return registry.register(id)
                .toCompletableFuture()
                .thenApply(code -> reply(id, code.orElseThrow(() -> new RefusalException(Problem.ID_TAKEN))));
    }

    /** Neither an id nor a code holds a character that JSON would have escaped. */
    private static Reply reply(ClientId id, Code code) {
        return Reply.created(("{\"id\":\"" + id.value() + "\",\"code\":\"" + code.value() + "\"}").getBytes(US_ASCII));
    }
}
