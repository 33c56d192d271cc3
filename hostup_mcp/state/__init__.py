"""What is kept between calls: ids handed out, plans, locks, and what was carried out.

One interface (`StateStore`), three stores: in this process, in a SQLite file that the stdio servers
of one user share, and in Redis or Valkey for replicas.
"""
