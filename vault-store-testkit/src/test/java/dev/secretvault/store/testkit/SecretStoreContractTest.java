package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the contract against stores with one flaw each: it must notice, in the tests named. */
class SecretStoreContractTest {

  static Stream<Flaw> flaws() {
    return Flaw.all().stream();
  }

  @ParameterizedTest
  @MethodSource("flaws")
  void contract_flawedStore_fails(Flaw flaw) {
    List<DiscoverySelector> tests =
        flaw.caughtBy().stream()
            .<DiscoverySelector>map(test -> selectMethod(FlawedStore.class, test))
            .toList();
    Outcomes outcomes = run(flaw, tests);
    assertThat(outcomes.failed)
        .as("tests that notice a store that %s", flaw)
        .containsAll(flaw.caughtBy());
  }

  @Test
  void contract_soundStore_passes() {
    Outcomes outcomes = run(Flaw.NONE, List.of(selectClass(FlawedStore.class)));
    assertThat(outcomes.failed).isEmpty();
    assertThat(outcomes.passed).isEqualTo(contractTests());
  }

  /** A test that no flaw makes fail could be one that cannot fail. */
  @Test
  void contract_everyTest_catchesAFlaw() {
    Set<String> catching =
        flaws()
            .flatMap(flaw -> flaw.caughtBy().stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(catching).isEqualTo(contractTests());
  }

  @Test
  void flaws_names_areDifferent() {
    assertThat(flaws().map(Flaw::name)).doesNotHaveDuplicates();
  }

  private static Set<String> contractTests() {
    Set<String> names = new TreeSet<>();
    for (Class<?> type = SecretStoreContract.class;
        type != Object.class;
        type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (method.isAnnotationPresent(Test.class)) {
          names.add(method.getName());
        }
      }
    }
    return names;
  }

  private static Outcomes run(Flaw flaw, List<DiscoverySelector> tests) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(tests)
            .configurationParameter(FlawedStore.PARAMETER, flaw.name())
            .build();
    Outcomes outcomes = new Outcomes();
    LauncherFactory.create().execute(request, outcomes);
    assertThat(outcomes.elsewhere).as("failures outside of tests").isEmpty();
    return outcomes;
  }

  private static final class Outcomes implements TestExecutionListener {
    final Set<String> passed = new TreeSet<>();
    final Set<String> failed = new TreeSet<>();
    final List<TestExecutionResult> elsewhere = new ArrayList<>();

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (test.isTest()) {
        String name = test.getLegacyReportingName().replaceAll("\\(.*", "");
        (result.getStatus() == Status.SUCCESSFUL ? passed : failed).add(name);
      } else if (result.getStatus() != Status.SUCCESSFUL) {
        elsewhere.add(result);
      }
    }
  }
}
