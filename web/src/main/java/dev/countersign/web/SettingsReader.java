package dev.countersign.web;

import static picocli.CommandLine.ScopeType.INHERIT;
import static picocli.CommandLine.ScopeType.LOCAL;

import dev.countersign.core.Home;
import dev.countersign.core.Setting;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Reads a command's settings as their records declare them ({@link Setting}). Each comes from the first of these that
 * has it: its option, the system property, the environment variable, the file of {@code --config}, its default.
 * {@code --register-port} is {@code register.port}, {@code COUNTERSIGN_REGISTER_PORT} and, in the file,
 * {@code register-port}. Values are taken literally.
 */
final class SettingsReader {

    private static final String CONFIG = "config";
    private static final Set<String> OF_ALL_COMMANDS = Set.of("home", CONFIG, "database", "log", "log-config");

    private final CommandSpec command;
    private final UnaryOperator<String> properties;
    private final UnaryOperator<String> environment;
    private final Map<String, String> file = new HashMap<>();

    /** Properties and environment return null for what is not set, as those of {@link System} do. */
    SettingsReader(CommandSpec command, UnaryOperator<String> properties, UnaryOperator<String> environment) {
        this.command = command;
        this.properties = properties;
        this.environment = environment;
    }

    /** A setting with its default. */
    record Declared(Setting setting, Object byDefault) {

        String defaultText() {
            return !setting.byDefault().isEmpty()
                    ? setting.byDefault()
                    : byDefault instanceof Duration time
                            ? String.valueOf(time.toSeconds())
                            : byDefault.toString().toLowerCase(Locale.ROOT);
        }

        String values() {
            boolean isNumber = byDefault instanceof Number || byDefault instanceof Duration;
            return isNumber ? setting.min() + " to " + setting.max() : setting.label();
        }

        /** Empty if the text is not a valid value. */
        private Optional<Object> parse(String text) {
            if (byDefault instanceof String) {
                return Optional.of(text);
            }
            if (byDefault instanceof Enum<?> one) {
                return Arrays.<Object>stream(one.getDeclaringClass().getEnumConstants())
                        .filter(each -> each.toString().equalsIgnoreCase(text))
                        .findFirst();
            }
            if (byDefault instanceof Boolean) {
                return Optional.<Object>of(Boolean.valueOf(text))
                        .filter(value -> value.toString().equals(text));
            }
            try {
                long number = Long.parseLong(text);
                return Optional.of(number)
                        .filter(n -> n >= setting.min() && n <= setting.max())
                        .map(n -> byDefault instanceof Duration
                                ? Duration.ofSeconds(n)
                                : byDefault instanceof Integer ? (Object) n.intValue() : n);
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        }
    }

    /** A value, and where it was set. */
    private record Given(String text, String where) {}

    /** All settings of a record and of its nested records. */
    static List<Declared> declared(Record defaults) {
        List<Declared> found = new ArrayList<>();
        replace(defaults, setting -> {
            found.add(setting);
            return setting.byDefault;
        });
        return found;
    }

    /** The command line of an annotated command, plus an option for each setting. */
    static CommandLine command(Object command, Record defaults) {
        CommandLine commandLine = new CommandLine(command);
        for (Declared each : declared(defaults)) {
            commandLine
                    .getCommandSpec()
                    .addOption(OptionSpec.builder("--" + each.setting.name())
                            .type(String.class)
                            .arity(each.byDefault instanceof Boolean ? "0..1" : "1")
                            .fallbackValue("true")
                            .paramLabel(each.setting.label())
                            .hidden(each.setting.isSecret())
                            .description(each.setting.help() + " Default: " + each.defaultText() + ".")
                            .scopeType(OF_ALL_COMMANDS.contains(each.setting.name()) ? INHERIT : LOCAL)
                            .build());
        }
        return commandLine;
    }

    /** @throws ParameterException if a value is not valid, or the file can't be read */
    <R extends Record> R read(R defaults) {
        find(CONFIG).ifPresent(given -> readFile(given.text));
        return replace(
                defaults,
                declared -> find(declared.setting)
                        .map(given -> declared.parse(given.text).orElseThrow(() -> {
                            String option = "--" + declared.setting.name();
                            return bad(option + " must be " + declared.values() + ", not " + given.text
                                    + (given.where.equals(option) ? "" : " (" + given.where + ")"));
                        }))
                        .orElse(declared.byDefault));
    }

    private Optional<Given> find(Setting setting) {
        Optional<Given> found = find(setting.name());
        if (setting.isSecret() && found.isPresent() && found.get().where.startsWith("-")) {
            throw bad("--" + setting.name() + " can't be given on a command line, which others can read. Set "
                    + variable(setting.name()) + ", or a line in the file of --config");
        }
        return found;
    }

    private static String variable(String name) {
        return "COUNTERSIGN_" + name.replace('-', '_').toUpperCase(Locale.ROOT);
    }

    private Optional<Given> find(String name) {
        String property = name.replace('-', '.');
        String variable = variable(name);
        OptionSpec option = command.findOption("--" + name);
        return given(option == null ? null : option.getValue(), "--" + name)
                .or(() -> given(properties.apply(property), "-D" + property))
                .or(() -> given(environment.apply(variable), variable)
                        // Kubernetes sets COUNTERSIGN_REGISTER_PORT=tcp://10.0.0.1:8000 for a service of that name
                        .filter(given -> !(name.endsWith("-port") && given.text.contains("://"))))
                .or(() -> given(file.get(name), "in the file of --config"));
    }

    private static Optional<Given> given(String text, String where) {
        return Optional.ofNullable(text).map(value -> new Given(value, where));
    }

    /** Reads lines of NAME=VALUE; ignores empty lines and those that begin with #. */
    private void readFile(String path) {
        try {
            for (String line : Files.readAllLines(Path.of(path))) {
                String[] parts = line.strip().split("\\s*=\\s*", 2);
                if (parts[0].isEmpty() && parts.length == 1 || parts[0].startsWith("#")) {
                    continue;
                }
                OptionSpec option = command.root().findOption("--" + parts[0]);
                boolean isSetting = option != null && option.type() == String.class && !parts[0].equals(CONFIG);
                if (parts.length == 1 || !isSetting) {
                    throw bad("--config: in " + path + " \"" + parts[0] + "\" is not a setting, or has no value");
                }
                if (file.put(parts[0], parts[1]) != null) {
                    throw bad("--config: " + path + " sets " + parts[0] + " twice");
                }
            }
        } catch (IOException | InvalidPathException e) {
            throw bad("--config: can't read " + path + ": " + Home.reason(e));
        }
    }

    private ParameterException bad(String reason) {
        return new ParameterException(command.commandLine(), reason);
    }

    /** A copy of the record, with new values for its settings and those of nested records. */
    private static <R extends Record> R replace(R record, Function<Declared, Object> values) {
        RecordComponent[] components = record.getClass().getRecordComponents();
        Object[] replaced = new Object[components.length];
        try {
            for (int i = 0; i < components.length; i++) {
                Method accessor = components[i].getAccessor();
                Object value = accessor.invoke(record);
                Setting setting = components[i].getAnnotation(Setting.class);
                replaced[i] =
                        setting == null ? replace((Record) value, values) : values.apply(new Declared(setting, value));
            }
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            @SuppressWarnings("unchecked") // an instance of the same record class
            R result = (R) record.getClass().getDeclaredConstructor(types).newInstance(replaced);
            return result;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the settings' records are to be visible here", e);
        }
    }
}
