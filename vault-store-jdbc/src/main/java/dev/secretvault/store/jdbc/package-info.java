/**
 * A store in tables of a PostgreSQL database that many nodes share.
 *
 * <p>Open {@link JdbcSecretStore} first.
 */
@NullMarked
package dev.secretvault.store.jdbc;

import org.jspecify.annotations.NullMarked;
