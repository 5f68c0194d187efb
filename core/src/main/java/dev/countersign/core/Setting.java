package dev.countersign.core;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a setting: a component of a record, whose {@code defaults()} has its default. The option, the system property,
 * the environment variable, the name in a configuration file, the range check, the help and the table in docs/run.md
 * follow from it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {

    /** That of the option, without its dashes. */
    String name();

    /** What its values are: of a number, the unit. */
    String label();

    /** The least number; of a duration, seconds. */
    long min() default 1;

    long max() default 1_000_000_000_000L;

    /** The default in words, where it depends on the machine. */
    String byDefault() default "";

    /** Whether it is taken from the environment or the file of --config only: others can read a command line. */
    boolean isSecret() default false;

    /** What it does, in sentences. */
    String help();
}
