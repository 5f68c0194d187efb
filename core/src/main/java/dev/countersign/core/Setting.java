package dev.countersign.core;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a setting: a record component, whose default is in the record's {@code defaults()}. The option, the system
 * property, the environment variable, the name in a settings file, the range check, the help and the table in
 * docs/run.md are derived from it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {

    /** The name of the option, without its dashes. */
    String name();

    /** What the values are; for a number, the unit. */
    String label();

    /** The smallest number; for a duration, in seconds. */
    long min() default 1;

    long max() default 1_000_000_000_000L;

    /** The default in words, if it depends on the machine. */
    String byDefault() default "";

    /** Whether only the environment and the file of --config may set it, because others can read a command line. */
    boolean isSecret() default false;

    /** What the setting does, in sentences. */
    String help();
}
