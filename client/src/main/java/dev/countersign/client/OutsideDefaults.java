package dev.countersign.client;

import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Takes what the command line leaves out from the system property or, failing that, the environment variable of its
 * name: {@code --register-port} is {@code register.port} and {@code COUNTERSIGN_REGISTER_PORT}, {@code MSG} is {@code
 * msg} and {@code COUNTERSIGN_MSG}.
 *
 * <p>A variable that is a URL is none of a number's: Kubernetes sets {@code COUNTERSIGN_REGISTER_PORT=tcp://10.0.0.1:8000}
 * where a service is called {@code countersign-register}.
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
        if (argument instanceof OptionSpec option && (option.usageHelp() || option.versionHelp())) {
            return null;
        }
        String name = argument instanceof OptionSpec option
                ? option.longestName().substring("--".length())
                : argument.paramLabel().toLowerCase(Locale.ROOT);
        return Optional.ofNullable(properties.apply(name.replace('-', '.')))
                .or(() -> variable(name).filter(value -> !value.contains("://") || argument.type() != int.class))
                .map(value -> value.replace("$", "$$")) // or picocli would expand a message's ${...}
                .orElse(null);
    }

    private Optional<String> variable(String name) {
        return Optional.ofNullable(
                environment.apply("COUNTERSIGN_" + name.replace('-', '_').toUpperCase(Locale.ROOT)));
    }
}
