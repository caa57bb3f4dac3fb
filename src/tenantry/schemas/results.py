"""The `data` of each command's JSON document, in one line per command: its keys and their types.

A new command with --json gets a line here; tests/unit/test_schemas.py says so. What a command prints is `print_json(key=…)` with
these keys, and tests hold every document that the program prints to the schema that is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tenantry.core.connect_strings import ConnectStrings
from tenantry.core.model import Connection, FeedStatus, SourceFacts, Template
from tenantry.db import audit
from tenantry.db.adopt import plan as adoption
from tenantry.db.adopt.jobs import Broken
from tenantry.db.upgrade import Changes, Work
from tenantry.fleet.change import Change
from tenantry.fleet.rotate import Rotated
from tenantry.flow.action.model import Action
from tenantry.flow.alert.kept import Alert
from tenantry.flow.alert.route import RouteState
from tenantry.flow.cluster.nodes import ClusterNode, ShardMove
from tenantry.flow.cluster.rebalance import Rebalance
from tenantry.flow.cluster.worker import AddedWorker
from tenantry.flow.job.runs import Leader, Run
from tenantry.flow.job.table import Job
from tenantry.flow.slice.move import Moved
from tenantry.flow.slice.room import Shortage
from tenantry.flow.source.catalog import SourceReport, StoredConnection
from tenantry.flow.template import stored
from tenantry.flow.template.drop import Use
from tenantry.flow.template.lint.finding import Finding
from tenantry.flow.template.load import TemplateChange
from tenantry.flow.template.override import Tried
from tenantry.flow.template.trial import Trial
from tenantry.flow.tenant.reader import Reader
from tenantry.metrics.exposition import Named
from tenantry.observe import activity
from tenantry.observe.dictionary import Described
from tenantry.observe.slices import Slice, SliceDetails, Year
from tenantry.observe.status import Installation, TenantFacts
from tenantry.recovery.backup import Summary
from tenantry.recovery.recover import Estimate
from tenantry.schedule.command import Ended
from tenantry.schemas import records as r

_COMPARED = {"different_days": list[r.DifferentDay], "not_compared": list[r.UncomparedDay]}
_FAILURES = {"failed": int, "failures": list[r.TenantFailure]}

RESULTS: Mapping[str, Mapping[str, Any]] = {
    "action cancel": {"action": Action},
    "action list": {"actions": list[Action]},
    "action show": {"action": Action},
    "action work": {"events": list[r.Event]},
    "alert add": {"route": str, "made": bool},
    "alert drop": {"route": str},
    "alert list": {"routes": list[RouteState], "alerts": list[Alert]},
    "alert test": {"route": str, "taken": bool, "answer": str},
    "adopt": {"dry_run": bool, "begun": bool, "plan": adoption.Plan | None, "done": list[str], "broken_jobs": list[Broken], "secrets": int},
    "apply": {"changes": list[Change], "failed": int, "failures": list[r.ChangeFailure], "next": list[str], "load": r.Load | None},
    "audit": {"entries": list[audit.Former | audit.Entry]},
    "backfill": {"load": r.Load, "rows_ahead": list[r.RowsAhead], "unfit": list[str]},
    "backup key": {"file": Path, "made": bool, "public_key": str},
    "backup verify": {"file": Path, "authority": str, "signed_by": str | None, "records": int, "rehearsed": bool, "failed": int, "failures": list[r.OtherFailure], "content": Summary},
    "backup write": {"file": Path, "size_bytes": int, "removed": list[Path], "content": Summary},
    "cluster add-worker": {"worker": AddedWorker},
    "cluster rebalance": {"dry_run": bool, "moves": list[ShardMove], "rebalance": Rebalance | None},
    "cluster status": {"nodes": list[ClusterNode], "shards": int, "moves": list[ShardMove] | None, "rebalance": Rebalance | None},
    "connection add": {"connection": str, "address": Connection, "answered": SourceFacts | None, "line": str | None},
    "connection drop": {"connection": str, "address": Connection},
    "connection list": {"connections": list[StoredConnection]},
    "connection test": {"connection": str | None, "source": SourceReport},
    "demo": {"in_place": bool, "duration_seconds": float, "tenants": list[r.DemoTenant], "items": list[r.DemoItem], "reader_dsn": str},
    "describe": {"templates": list[Described]},
    "doctor": {"findings": list[r.CheckFinding], "checks": list[r.CheckRun], "mended": list[r.CheckFinding], "not_mended": list[r.Unmended]},
    "export": {"files": list[Path], "variables": list[str]},
    "init": {"done": list[str], "installation": Installation, "shortage": Shortage | None},
    "logs": {"entries": list[activity.Entry]},
    "metrics": {"metrics": list[Named]},
    "override check": {"template": str, "fine": list[Tried], "failures": list[r.TenantFailure]},
    "override drop": {"template": str, "tenant": str},
    "override list": {"overrides": list[stored.Override]},
    "override set": {"override": Tried},
    "override show": {"override": stored.Override},
    "plan": {"changes": list[Change], "left_out": list[Change], "not_compared": list[r.Uncompared], "saved": Path | None, "shortages": list[Shortage]},
    "queries": {"running": list[activity.Running] | None, "slow": list[r.SlowStatement] | None, "cancelled": int | None},
    "reader add": {"reader": str, "made": bool, "facts": Reader, "connect_strings": ConnectStrings},
    "reader drop": {"reader": str},
    "reader list": {"readers": list[Reader]},
    "reader show": {"reader": str, "facts": Reader, "connect_strings": ConnectStrings},
    "recover": {"load": r.Load | None, "estimate": Estimate, "folded": list[str], "jobs_resumed": list[str], "jobs_waiting": list[str], "left_out": list[str], **_COMPARED},
    "refresh": {"load": r.Load},
    "restore": {"dry_run": bool, "content": Summary | None, "restored": r.RestoredThings | None},
    "schedule disable": {"changed": list[str], "unchanged": list[str]},
    "schedule enable": {"changed": list[str], "unchanged": list[str]},
    "schedule history": {"runs": list[Run]},
    "schedule install": {"jobs": list[r.NewJob], "hidden_from": str | None},
    "schedule next": {"runs": list[r.FutureRun]},
    "schedule remove": {"removed": list[Job]},
    "schedule run": {"jobid": int, "job": str | None, "run": Ended},
    "schedule show": {"cron": str | None, "leader": Leader | None, "hidden_from": str | None, "jobs": list[r.ScheduledJob]},
    "scheduler": {"events": list[r.Event]},
    "server status": {"directory": Path, "running": bool, "pid": int | None, "port": int | None, "version": str, "kept": bool},
    "sizes": {"feeds": list[activity.Size], "database_bytes": int},
    "slice list": {"slices": list[Slice]},
    "slice reload": {"load": r.Load, **_COMPARED},
    "slice show": {"slice": Slice, "details": SliceDetails},
    "status": {"feeds": list[FeedStatus]},
    "template drop": {"template": str, "dropped": list[Use], "jobs": list[str]},
    "template drop-old": {"dropped": list[r.DroppedStorage]},
    "template edit": {"dry_run": bool, "templates": list[TemplateChange]},
    "template lint": {"findings": list[r.LintFinding]},
    "template list": {"templates": list[stored.Stored]},
    "template load": {"dry_run": bool, "templates": list[TemplateChange]},
    "template new": {"template": str, "text": Template, "file": Path | None, "remarks": list[str], "findings": list[Finding]},
    "template set-storage": {"moved": list[Moved], **_FAILURES},
    "template show": {"template": str, "text": Template, "facts": stored.Stored, "outdated": list[stored.Outdated], "own_queries": list[stored.Override]},
    "template test": {"trial": Trial},
    "tenant add": {"tenant": str, "load": r.Load, "folded": list[r.FoldedYear], "rows_ahead": list[r.RowsAhead], "jobs": list[str], **_COMPARED},
    "tenant disable": {"tenant": str, "disabled": bool, "disabled_at": datetime | None, "reason": str | None, "paused": list[str]},
    "tenant drop": {"tenant": str, "days": int, "rows": int, "size_bytes": int, "jobs": list[str], "connections": list[str]},
    "tenant edit": {"connection": str, "address": Connection, "password_changed": bool, "answered": SourceFacts | None, "tenants": list[str]},
    "tenant enable": {"tenant": str, "enabled": bool, "rows": int, "missing": list[r.MissingDays], "failed": int, "failures": list[r.SliceFailure], "jobs": list[str], **_COMPARED},
    "tenant list": {"tenants": list[TenantFacts | r.TenantName]},
    "tenant reload": {"load": r.Load, **_COMPARED},
    "tenant rotate": {"connections": list[Rotated], "failed": int},
    "tenant show": {"tenant": str, "facts": TenantFacts, "feeds": list[FeedStatus]},
    "tenant test": {"tenant": str, "answered": SourceFacts},
    "upgrade": {"dry_run": bool, "changes": Changes, "at_work": list[Work]},
    "verify": {"agrees": bool, "duration_seconds": float, "feeds": list[r.ComparedFeed]},
    "watch": {"events": list[r.Event]},
    "year check": {"years": list[r.CheckedYear]},
    "year fold": {"folded": list[r.FoldedYear], "folded_before": list[str], **_FAILURES},
    "year list": {"years": list[Year]},
}  # fmt: skip
"""By the command's full name."""
