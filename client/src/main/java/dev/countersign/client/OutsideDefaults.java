package dev.countersign.client;

import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Takes what the command line leaves out from the system property or, failing that, the environment variable that an
 * option's name spells: {@code --register-port} is {@code register.port} and {@code COUNTERSIGN_REGISTER_PORT}.
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
        OptionSpec option = (OptionSpec) argument; // there are no others
        if (option.usageHelp() || option.versionHelp()) {
            return null;
        }
        String name = option.longestName().substring("--".length());
        return Optional.ofNullable(properties.apply(name.replace('-', '.')))
                .or(() -> Optional.ofNullable(environment.apply(
                        "COUNTERSIGN_" + name.replace('-', '_').toUpperCase(Locale.ROOT))))
                .map(value -> value.replace("$", "$$")) // or picocli would expand a message's ${...}
                .orElse(null);
    }
}
