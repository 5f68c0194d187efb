package dev.countersign.web;

import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Takes what the command line leaves out from the system property or, failing that, the environment variable of its
 * name: {@code --register-port} is {@code register.port} and {@code COUNTERSIGN_REGISTER_PORT}.
 */
final class OutsideDefaults implements IDefaultValueProvider {

    private final UnaryOperator<String> properties;
    private final UnaryOperator<String> environment;

    /** Both give null for what is not set, as {@link System#getProperty} and {@link System#getenv} do. */
    OutsideDefaults(UnaryOperator<String> properties, UnaryOperator<String> environment) {
        this.properties = properties;
        this.environment = environment;
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
            return null;
        }
        String name = option.longestName().substring("--".length());
        return Optional.ofNullable(properties.apply(name.replace('-', '.')))
                .or(() -> Optional.ofNullable(environment.apply(
                                "COUNTERSIGN_" + name.replace('-', '_').toUpperCase(Locale.ROOT)))
                        .filter(value -> !(name.endsWith("-port") && isUrl(value))))
                .map(value -> value.replace("$", "$$")) // or picocli would expand ${...} in it
                .orElse(null);
    }

    /** Kubernetes sets COUNTERSIGN_REGISTER_PORT=tcp://10.0.0.1:8000 where a service is named countersign-register. */
    private static boolean isUrl(String value) {
        return value.contains("://");
    }
}
