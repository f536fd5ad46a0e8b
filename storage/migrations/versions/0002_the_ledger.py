"""The ledger: lanes with retries, epochs, routes and quotas, quiet hours, corrections, groups, tallies, the pause"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
STATES = "state IN ('queued', 'claimed', 'sent', 'gone', 'never', 'expired', 'unknown', 'withdrawn', 'covered')"
# Alembic rebuilds a table on SQLite without its checks, so those that it had are named again.
DELIVERY_CHECKS = (sa.CheckConstraint(STATES, name='ck_delivery_state'),)
NEWS_CHECKS = (
    sa.CheckConstraint("priority IN ('emergency', 'priority', 'routine')", name='ck_announcement_priority'),
    sa.CheckConstraint("status IN ('draft', 'waiting', 'publishing', 'published')", name='ck_announcement_status'),
)


def upgrade() -> None:
    """Add the ledger's columns and tables. Rows that are there keep their meaning."""
    _new_tables()
    _add('citizen', ('quiet_from', sa.Integer(), '-1'), ('quiet_until', sa.Integer(), '-1'),
         ('digest', sa.Boolean(), sa.false()))
    _add('follow', ('duty', sa.Boolean(), sa.false()))
    _announcements()
    _deliveries()
    # A lane for emergencies after their first attempt came between conversation and status.
    op.execute('UPDATE delivery SET lane = lane + 1 WHERE lane >= 2')
    op.execute("UPDATE delivery SET lane = 2 WHERE lane = 0 AND state = 'queued' AND attempts > 0")


def _filled(name: str, kind: sa.types.TypeEngine, default: object) -> sa.Column:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _add(table: str, *columns: tuple[str, sa.types.TypeEngine, object]) -> None:
    """Columns that SQLite can add in place: a rebuilt table would begin to give out old ids again."""
    for column in columns:
        op.add_column(table, _filled(*column))


def _announcements() -> None:
    with op.batch_alter_table('announcement', table_args=NEWS_CHECKS) as batch:
        batch.add_column(_filled('area', sa.String(), ''))
        batch.add_column(_filled('kind', sa.String(length=10), 'news'))
        batch.add_column(sa.Column('corrects_id', sa.BigInteger(), nullable=True))
        batch.add_column(_filled('once', sa.Boolean(), sa.false()))
        batch.add_column(_filled('at_night', sa.Boolean(), sa.false()))
        batch.alter_column('last_citizen', new_column_name='spread_last', existing_type=sa.BigInteger())
        batch.add_column(_filled('spread_pass', sa.Integer(), '2'))  # whatever spreads now has one pass, the last
        for name in ('stopped_at', 'swept_at', 'folded_at'):
            batch.add_column(_filled(name, sa.BigInteger(), '0'))
        batch.create_check_constraint('ck_announcement_kind', "kind IN ('news', 'correction', 'withdrawal')")
        batch.create_index('ix_announcement_corrects_id', ['corrects_id'], unique=False)


def _deliveries() -> None:
    for name in ('ix_delivery_address_id', 'ix_delivery_letter_id', 'ix_delivery_report_id', 'ix_delivery_valid_until'):
        op.drop_index(name, table_name='delivery')
    with op.batch_alter_table('delivery', table_args=DELIVERY_CHECKS) as batch:
        batch.drop_column('claimed_by')
        batch.add_column(_filled('epoch', sa.BigInteger(), '0'))
        batch.add_column(_filled('first_at', sa.BigInteger(), '0'))
        batch.add_column(_filled('route', sa.String(length=10), ''))
        batch.add_column(_filled('once', sa.Boolean(), sa.false()))
        batch.add_column(_filled('hamlet_key', sa.String(length=80), ''))
        batch.drop_constraint('uq_delivery_announcement_id_address_id', type_='unique')
        batch.create_unique_constraint('uq_delivery_address_id_announcement_id', ['address_id', 'announcement_id'])
        batch.create_check_constraint('ck_delivery_held', "held IN ('', 'window', 'digest')")
        batch.create_check_constraint(
            'ck_delivery_route', "route IN ('', 'free', 'paid', 'template', 'article', 'group')")
    _partial('letter_id', 'announcement_id IS NULL', 'letter_id')
    _partial('report_id', 'report_id IS NOT NULL', 'report_id')
    _partial('stale', "state = 'queued' AND announcement_id IS NULL", 'valid_until')
    _partial('state', 'announcement_id IS NOT NULL', 'announcement_id', 'state', 'resent')


def _partial(name: str, where: str, *columns: str) -> None:
    rows = sa.text(where)
    op.create_index(f'ix_delivery_{name}', 'delivery', list(columns), sqlite_where=rows, postgresql_where=rows)


def _new_tables() -> None:
    op.create_table('calls',
    sa.Column('id', ID, autoincrement=True, nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('made', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calls'))
    )
    op.create_index('ix_calls_account_id_at', 'calls', ['account_id', 'at'], unique=False)
    op.create_table('chat_group',
    sa.Column('id', ID, autoincrement=True, nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('chat', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('commune', sa.String(length=5), nullable=False),
    sa.Column('hamlet', sa.String(length=80), nullable=False),
    sa.Column('hamlet_key', sa.String(length=80), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('gone_at', sa.BigInteger(), nullable=False),
    sa.Column('gone_why', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chat_group')),
    sa.UniqueConstraint('account_id', 'chat', name=op.f('uq_chat_group_account_id_chat'))
    )
    op.create_index('ix_chat_group_commune', 'chat_group', ['commune'], unique=False)
    op.create_table('commune_rules',
    sa.Column('commune', sa.String(length=5), nullable=False),
    sa.Column('quiet_from', sa.Integer(), nullable=False),
    sa.Column('quiet_until', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('commune', name=op.f('pk_commune_rules'))
    )
    op.create_table('pause',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('backup_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pause'))
    )
    op.create_table('quota',
    sa.Column('id', ID, autoincrement=True, nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('used', sa.BigInteger(), nullable=False),
    sa.Column('last_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('paid', 'template', 'article', 'message')", name=op.f('ck_quota_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quota')),
    sa.UniqueConstraint('account_id', 'month', 'kind', name=op.f('uq_quota_account_id_month_kind'))
    )
    op.create_table('tally',
    sa.Column('id', ID, autoincrement=True, nullable=False),
    sa.Column('announcement_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('commune', sa.String(length=5), nullable=False),
    sa.Column('hamlet_key', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('band', sa.String(length=8), nullable=False),
    sa.Column('route', sa.String(length=10), nullable=False),
    sa.Column('why', sa.String(length=200), nullable=False),
    sa.Column('resent', sa.Boolean(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tally'))
    )
    op.create_index('ix_tally_announcement_id', 'tally', ['announcement_id'], unique=False)


def downgrade() -> None:
    """There is no way back: what the ledger remembers has no place in the tables before it. Restore a backup."""
    raise RuntimeError('0002 cannot be undone; restore a backup that was made before it')
