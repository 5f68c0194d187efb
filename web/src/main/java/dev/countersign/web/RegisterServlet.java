package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.Registry;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** {@code POST /register {"id":"alice"}}: gives the id its code. */
final class RegisterServlet extends PostServlet {

    private static final long serialVersionUID = 1;
    private static final List<String> MEMBERS = List.of("id");

    private final transient Registry registry;

    RegisterServlet(HttpSettings settings, MemoryBudget bodyMemory, Registry registry) {
        super(settings, bodyMemory);
        this.registry = registry;
    }

    @Override
    CompletableFuture<byte[]> answer(byte[] body) {
        ClientId id = clientId(RequestBody.texts(body, MEMBERS).get(0));
        return registry.register(id)
                .toCompletableFuture()
                .thenApply(code -> json(id, code.orElseThrow(() -> new RefusalException(Problem.ID_TAKEN))));
    }

    /** Neither an id nor a code holds a character that JSON would have escaped. */
    private static byte[] json(ClientId id, Code code) {
        return ("{\"id\":\"" + id.value() + "\",\"code\":\"" + code.value() + "\"}").getBytes(US_ASCII);
    }

    static ClientId clientId(String text) {
        return ClientId.parse(text).orElseThrow(() -> new RefusalException(Problem.INVALID_ID));
    }
}
