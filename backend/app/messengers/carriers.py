"""How mail and SMS leave this installation: chosen here, once, by the settings."""

from dataclasses import dataclass

from app.kernel.config import Settings
from app.kernel.limits import RateLimits
from app.messengers.mailers import Mailer
from app.messengers.mailers.local import NoMailer, OutboxMailer
from app.messengers.mailers.smtp import SmtpMailer
from app.messengers.sms_senders import SmsSender
from app.messengers.sms_senders.aliyun import AliyunSms
from app.messengers.sms_senders.local import NoSms, OutboxSms


@dataclass(frozen=True, slots=True)
class Carriers:
    """What handlers ask their run for."""

    mailer: Mailer
    sms_sender: SmsSender
    limits: RateLimits


def carriers_for(settings: Settings) -> Carriers:
    """The carriers of the settings; without any, the outbox, and in production a refusal: nobody would look there."""
    return Carriers(mailer_for(settings), _sms_sender_for(settings), RateLimits(settings))


def mailer_for(settings: Settings) -> Mailer:
    """Who carries mail."""
    if settings.smtp_host:
        return SmtpMailer(settings)
    return NoMailer() if settings.environment == "production" else OutboxMailer(settings)


def _sms_sender_for(settings: Settings) -> SmsSender:
    if settings.aliyun_sms_sign_name:
        return AliyunSms(settings)
    return NoSms() if settings.environment == "production" else OutboxSms(settings)
