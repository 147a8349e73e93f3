"""What comes in and what leaves through the doors of this room. No shape can carry a secret out, save a new token."""

from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Discriminator, EmailStr, Field, Tag, model_validator
from pydantic.config import JsonDict

from app.accounts import passwords
from app.accounts.models import DEFAULT_CAPACITY, AuthSession, Availability, SessionKind, StaffRole, User
from app.accounts.names import USER_ID_PATTERN, Line, Phone, Username, is_id_of
from app.files.urls import absolute
from app.kernel.config import Settings
from app.kernel.identity import Role
from app.kernel.models import Id, UserId

MAX_CAPACITY = 200
Locale = Literal["", "en", "zh-CN"]
Avatar = Annotated[Line, Field(min_length=1, max_length=500)]
Capacity = Annotated[int, Field(ge=0, le=MAX_CAPACITY)]
NewPassword = Annotated[str, Field(min_length=passwords.MIN_LENGTH, max_length=passwords.MAX_LENGTH)]

EXAMPLE_USER: JsonDict = {
    "id": "m1",
    "username": "chen",
    "role": "merchant",
    "avatar": "https://chat.example.com/media/avatars/default.png",
    "display_name": "陈记米铺",
    "email": "chen@example.com",
    "phone": "+8613800138000",
    "locale": "zh-CN",
    "greeting": "您好，想看点什么？",
    "merchant_id": "m1",
    "is_blocked": False,
    "created_at": 1730000000,
    "updated_at": 1730000000,
}


class UserPublic(BaseModel):
    """A user as the user and the admins see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_USER]})

    id: UserId
    username: str
    role: Role
    avatar: str
    """Absolute URL."""
    display_name: str
    email: str | None
    phone: str | None
    locale: str
    greeting: str
    merchant_id: str | None
    """The shop for which a merchant's account acts."""
    is_blocked: bool
    created_at: int
    updated_at: int

    @classmethod
    def of(cls, settings: Settings, user: User, merchant_id: str | None) -> Self:
        return cls(
            **user.model_dump(exclude={"avatar", "blocked_at"}),
            avatar=absolute(settings, user.avatar),
            merchant_id=merchant_id,
            is_blocked=user.is_blocked,
        )


class ViewerPublic(UserPublic):
    """A user as the console's own frame shows them to themselves."""

    availability: Availability | None = None
    is_owner: bool = False
    """Of the shop for which they act."""


class UserCreate(BaseModel):
    """A new user. Without an `id` one is made from the role's letter and a fresh number."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "m1", "username": "chen", "password": "rice-and-tea", "role": "merchant", "locale": "zh-CN"},
                {"username": "an", "password": "rice-and-tea", "role": "merchant", "merchant_id": "m1"},
            ]
        }
    )

    id: str | None = Field(default=None, pattern=USER_ID_PATTERN)
    username: Username
    password: NewPassword | None = None
    """Without one the user cannot sign in until it is set."""
    role: Role
    merchant_id: str | None = Field(default=None, pattern=USER_ID_PATTERN)
    """For `role: merchant`: the shop whose agent this is. Without it the account is a shop and its own owner."""
    display_name: Line = Field(default="", max_length=100)
    email: EmailStr | None = Field(default=None, max_length=254)
    phone: Phone | None = None
    avatar: Avatar | None = None
    locale: Locale = ""
    greeting: Line = Field(default="", max_length=300)

    @model_validator(mode="after")
    def agree(self) -> Self:
        if self.id is not None and not is_id_of(self.role, self.id):
            raise ValueError("the id's letter must be the role's: b buyer, m merchant, a admin, p platform")
        if self.merchant_id is not None and self.role is not Role.MERCHANT:
            raise ValueError("merchant_id is for merchants only")
        return self


class ProfileChange(BaseModel):
    """What a user may change about oneself. Absent fields stay; `email` and `phone` may be null to be removed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"display_name": "林小满", "locale": "zh-CN"}]})

    display_name: Line = Field(default="", max_length=100)
    email: EmailStr | None = Field(default=None, max_length=254)
    phone: Phone | None = None
    avatar: Avatar = ""
    locale: Locale = ""
    greeting: Line = Field(default="", max_length=300)


class UserChange(ProfileChange):
    """What an admin may change about anybody. Blocking and a new password end every session of the user."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_blocked": True}]})

    username: Username = ""
    password: NewPassword = ""
    is_blocked: bool = False


class PasswordSignIn(BaseModel):
    """By user name, e-mail or phone number, and password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "admin", "password": "admin123"}]})

    username: str = Field(min_length=1, max_length=254, validation_alias=AliasChoices("username", "account"))
    password: str = Field(min_length=1, max_length=passwords.MAX_LENGTH)


class DeviceSignIn(BaseModel):
    """By a device id that the client made at random and keeps secret; the first use makes a buyer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"device_id": "test-device-123"}]})

    device_id: str = Field(min_length=8, max_length=128)


def _way(body: object) -> str:
    named = body if isinstance(body, dict) else vars(body) if isinstance(body, BaseModel) else {}
    return "device" if "device_id" in named else "password"


SignIn = Annotated[
    Annotated[PasswordSignIn, Tag("password")] | Annotated[DeviceSignIn, Tag("device")], Discriminator(_way)
]


class RefreshRequest(BaseModel):
    """The newest refresh token of the session."""

    refresh_token: str = Field(min_length=1, max_length=200)


class Tokens(BaseModel):
    """Both tokens of a session. The refresh token works once; its answer brings the next."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    """Seconds of the access token."""
    user: UserPublic


class SessionPublic(BaseModel):
    """One sign-in on one client."""

    id: Id
    kind: SessionKind
    user_agent: str
    ip: str
    created_at: int
    last_used_at: int
    expires_at: int
    is_current: bool

    @classmethod
    def of(cls, row: AuthSession, current_id: int) -> Self:
        return cls(**row.model_dump(exclude={"user_id", "revoked_at"}), is_current=row.id == current_id)


class StaffCreate(BaseModel):
    """A new agent of the caller's shop."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "an", "password": "rice-and-tea", "display_name": "小安"}]}
    )

    username: Username
    password: NewPassword
    display_name: Line = Field(default="", max_length=100)
    capacity: Capacity = DEFAULT_CAPACITY


class StaffChange(BaseModel):
    """What an owner changes about a member of the staff; absent fields stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "agent", "capacity": 12}]})

    role: StaffRole = StaffRole.AGENT
    capacity: Capacity = DEFAULT_CAPACITY


class AvailabilityChange(BaseModel):
    """What the caller says of oneself."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"availability": "busy"}]})

    availability: Availability


class StaffPublic(BaseModel):
    """A member of a shop's staff, as the shop's people see it."""

    id: UserId
    username: str
    display_name: str
    avatar: str
    role: StaffRole
    availability: Availability
    """As chosen. Whether a page of theirs is open says `status` of the socket."""
    capacity: int
    """How many open conversations routing may give to this person."""
    is_blocked: bool
    created_at: int


class TeamMember(BaseModel):
    """As much of a member of the staff as a visitor sees."""

    name: str
    avatar: str


class ShopPublic(BaseModel):
    """What a visitor sees of a shop before the first message."""

    id: UserId
    name: str
    avatar: str
    online: bool
    """Somebody of the shop is at the desk."""
    greeting: str
    """The shop's first sentence to a visitor. It is on the page and in no conversation."""
    is_open: bool = True
    """By its working hours."""
    opens_at: int | None = None
    """When it opens next, in seconds; null while it is open, and when it does not open again."""
    away_text: str = ""
    """What the shop says while it is closed; may be empty."""
    team: list[TeamMember] = []
    """At most three of those who answer."""
    typing_preview: bool = False
    """The shop sees what is typed before it is sent."""
