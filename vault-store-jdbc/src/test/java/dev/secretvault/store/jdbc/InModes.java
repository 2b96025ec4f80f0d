package dev.secretvault.store.jdbc;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.AnnotationConsumer;
import org.junit.jupiter.params.support.ParameterDeclarations;

/** Runs the tests of a class in these modes, or in all with {@code -Dsecretvault.allModes=true}. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass
@ArgumentsSource(InModes.Provider.class)
public @interface InModes {
  Mode[] value();

  /** The modes, one after the other. */
  final class Provider implements ArgumentsProvider, AnnotationConsumer<InModes> {
    private Mode[] modes = {};

    @Override
    public void accept(InModes in) {
      modes = Boolean.getBoolean("secretvault.allModes") ? Mode.values() : in.value();
    }

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return Arrays.stream(modes).map(Arguments::of);
    }
  }
}
